"""`ddpm_notes` beside its peers, in one run on one machine: `make bench`. README.md says what is compared, and how."""
