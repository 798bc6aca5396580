"""`python -m ddpm_notes`: what each command does, apart from what it is given (`arguments`)."""
