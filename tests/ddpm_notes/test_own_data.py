"""Images of one's own: folders and .npz files, as people have them."""

import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from ddpm_notes import own_data
from ddpm_notes.own_data import load_own


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "pictures"
    path.mkdir()
    return path


def picture(path, height=4, width=6, mode="RGB", seed=0, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = len(Image.new(mode, (1, 1)).getbands())
    shape = (height, width, channels) if channels > 1 else (height, width)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels, mode).save(path, **options)
    return pixels


def test_a_program_that_has_written_no_picture_finds_those_of_every_kind(folder):
    for name in ("a.png", "b.jpg", "c.webp"):
        picture(folder / name)
    code = f"from ddpm_notes.own_data import load_own; print(len(load_own({str(folder)!r})))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "3\n"


def test_a_folder_is_read_with_all_below_it_in_the_order_of_names(folder):
    b = picture(folder / "b.png", seed=1)
    a = picture(folder / "deep" / "er" / "a.png", seed=2)
    (folder / "notes.txt").write_text("no picture")
    images = load_own(folder)
    expected = torch.from_numpy(np.stack([b, a])).permute(0, 3, 1, 2)
    assert torch.equal(images.pixels, expected) and images.levels == 256 and len(images) == 2
    assert torch.equal(images[torch.tensor([1])], images.x0[1:])


def test_grey_stays_grey_unless_there_is_colour_or_it_is_asked_for(folder):
    grey = picture(folder / "a.png", mode="L")
    assert torch.equal(load_own(folder).pixels[0, 0], torch.from_numpy(grey))
    assert load_own(folder, channels=3).pixels.shape == (1, 3, 4, 6)
    picture(folder / "b.png")
    images = load_own(folder)
    assert images.pixels.shape == (2, 3, 4, 6) and torch.equal(images.pixels[0, 2], torch.from_numpy(grey))
    assert load_own(folder, channels=1).pixels.shape == (2, 1, 4, 6)


def test_another_size_is_refused_by_name_unless_a_fit_is_asked_for(folder):
    picture(folder / "a.png")
    picture(folder / "b.png", height=8, width=6)
    with pytest.raises(ValueError, match=r"b.png is 8×6 pixels, expected 4×6; give --fit crop or --fit resize"):
        load_own(folder)
    with pytest.raises(ValueError, match=r"a.png is 4×6 pixels, expected 6×6"):
        load_own(folder, size=6)
    cropped, resized = (load_own(folder, size=(4, 4), fit=fit).pixels for fit in ("crop", "resize"))
    assert cropped.shape == resized.shape == (2, 3, 4, 4) and not torch.equal(cropped, resized)


def test_a_crop_takes_the_middle_and_keeps_proportions(folder):
    stripes = np.repeat(np.array([[0, 90, 180, 250]], np.uint8), 2, 0)  # 2 high, 4 wide
    Image.fromarray(stripes).save(folder / "a.png")
    assert load_own(folder, size=2, fit="crop").pixels[0, 0].tolist() == [[90, 180]] * 2


def test_pictures_are_turned_as_cameras_say_and_transparency_is_white(folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    pixels = picture(folder / "a.png", exif=exif)
    assert torch.equal(load_own(folder).pixels[0], torch.from_numpy(np.rot90(pixels, -1).copy()).permute(2, 0, 1))
    (folder / "a.png").unlink()
    Image.new("RGBA", (2, 2), (10, 20, 30, 0)).save(folder / "clear.png")
    assert load_own(folder).pixels.unique().tolist() == [255]


@pytest.mark.parametrize(
    ("colour", "mode", "channels"),
    [("orange", "P", 3), ("orange", "CMYK", 3), *(("grey", mode, 1) for mode in ("1", "P", "LA"))],
)
def test_every_kind_of_picture_of_8_bits_is_read_and_every_kind_of_grey_is_grey(folder, colour, mode, channels):
    Image.new("RGB", (3, 2), colour).convert(mode).save(folder / ("a.tif" if mode == "CMYK" else "a.png"))
    assert load_own(folder).pixels.shape == (1, channels, 2, 3)


def test_what_is_broken_or_of_more_bits_is_named(folder):
    picture(folder / "a.jpg")
    whole = (folder / "a.jpg").read_bytes()
    for broken in (b"", b"<html>", whole[: len(whole) // 2]):
        (folder / "b.jpg").write_bytes(broken)
        with pytest.raises(ValueError, match=r"b.jpg cannot be read as a picture .*; mend or remove it") as caught:
            load_own(folder)
        assert "\n" not in str(caught.value)
    (folder / "b.jpg").unlink()
    Image.fromarray(np.full((4, 6), 40_000, np.uint16)).save(folder / "deep.png")
    with pytest.raises(ValueError, match=r"deep.png .* more than 8 bits"):
        load_own(folder)


def test_a_folder_is_read_once_until_a_file_changes(folder, monkeypatch, tmp_path):
    picture(folder / "a.png")
    first, opened = load_own(folder), []
    real = own_data._opened
    monkeypatch.setattr(own_data, "_opened", lambda file: opened.append(file) or real(file))
    assert torch.equal(load_own(folder, size=(4, 6)).pixels, first.pixels) and not opened
    (cached,) = (tmp_path / "cache" / "ddpm_notes").glob("pictures-*.npz")
    cached.write_bytes(b"PK damaged")
    assert torch.equal(load_own(folder, size=(4, 6)).pixels, first.pixels) and opened
    changed = picture(folder / "a.png", seed=5)
    assert torch.equal(load_own(folder).pixels[0].permute(1, 2, 0), torch.from_numpy(changed))
    assert list(cached.parent.iterdir()) == [cached]  # the new copy is where the old one was


def test_an_empty_folder_and_no_folder_are_refused(folder):
    with pytest.raises(ValueError, match="holds no pictures"):
        load_own(folder)
    with pytest.raises(ValueError, match="come from a folder or an .npz"):
        load_own(folder / "none.zip")
    with pytest.raises(ValueError, match="1 channel .grey. or 3"):
        load_own(folder, channels=4)


@pytest.mark.parametrize("shape", [(5, 3, 8, 6), (5, 8, 6, 3), (5, 8, 6), (5, 1, 8, 6), (5, 8, 6, 1)])
def test_an_npz_has_its_channels_where_people_put_them(tmp_path, shape):
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.savez(tmp_path / "own.npz", arr=array, labels=np.arange(5))
    images = load_own(tmp_path / "own.npz")
    assert images.pixels.shape == (5, 3 if 3 in shape else 1, 8, 6) and images.labels.tolist() == list(range(5))
    assert sorted(images.pixels.flatten().tolist()) == sorted(array.flatten().tolist())
    with pytest.raises(ValueError, match="taken as they are; leave out size"):
        load_own(tmp_path / "own.npz", size=4)


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({}, "it holds nothing"),
        ({"x": np.zeros((2, 8, 8, 3), np.float32)}, r"it holds x float32 \(2, 8, 8, 3\)"),
        ({"x": np.zeros((2, 8, 8), np.uint8), "y": np.zeros(1, np.uint8)}, "called images if there are others"),
        ({"x": np.zeros((2, 3, 8, 3), np.uint8)}, "where are the channels"),
        ({"x": np.zeros((2, 5, 8, 8), np.uint8)}, "where are the channels"),
        ({"x": np.zeros((0, 8, 8), np.uint8)}, "holds no image"),
        ({"x": np.zeros((2, 8, 8), np.uint8), "labels": np.zeros(3, int)}, "labels must be 2 integers"),
    ],
)
def test_an_npz_of_something_else_is_refused_by_what_it_holds(tmp_path, arrays, message):
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load_own(tmp_path / "own.npz")


def test_what_is_hidden_or_only_written_by_pillow_is_passed_over_and_links_are_followed(folder, tmp_path):
    picture(tmp_path / "elsewhere" / "b.png", seed=3)
    picture(folder / "a.png")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    for name in ("._a.png", "notes.pdf", "drawing.eps", "features.h5", "film.mpg"):
        (folder / name).write_text("no picture")
    picture(folder / ".thumbnails" / "a.png", height=1, width=1)
    assert len(load_own(folder)) == 2


def test_links_that_lead_back_give_every_picture_once(folder):
    picture(folder / "deep" / "a.png")
    for name in ("back", "again", "deep/up"):
        (folder / name).symlink_to(folder)
    assert len(load_own(folder)) == 1


TWO_FRAMES = [Image.new("L", (3, 2), value) for value in (0, 255)]


def test_a_file_of_many_pictures_and_a_link_to_nothing_are_named(folder):
    picture(folder / "0.png", height=2, width=3)
    for name in ("a.gif", "a.tif"):
        TWO_FRAMES[0].save(folder / name, save_all=True, append_images=TWO_FRAMES[1:])
        with pytest.raises(ValueError, match=rf"{name} .*it holds 2 pictures; save one of them"):
            load_own(folder)
        (folder / name).unlink()
    (folder / "b.png").symlink_to(folder / "gone.png")
    with pytest.raises(ValueError, match="b.png cannot be read"):
        load_own(folder)


def test_of_a_telephones_photograph_and_of_layers_the_picture_itself_is_read(folder):
    TWO_FRAMES[0].save(folder / "a.jpg", "MPO", save_all=True, append_images=TWO_FRAMES[1:])
    layers = struct.pack(">h", 2) + 2 * (struct.pack(">4i", 0, 0, 2, 3) + bytes(18))
    head = b"8BPS" + struct.pack(">h6xh2i2h2i", 1, 1, 2, 3, 8, 1, 0, 0)
    sizes = struct.pack(">2i", len(layers) + 4, len(layers))
    (folder / "b.psd").write_bytes(head + sizes + layers + bytes(2) + bytes([7] * 6))
    assert load_own(folder).pixels.flatten(1).tolist() == [[0] * 6, [7] * 6]


def test_damaged_archives_and_those_of_something_else_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3, 3), np.uint8))
    (tmp_path / "renamed.npz").write_bytes((tmp_path / "a.npy").read_bytes())
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("a.txt", "text")
    for number, content in enumerate((b"", b"PK no", b"text")):
        (tmp_path / f"damaged-{number}.npz").write_bytes(content)
    for name in ("renamed.npz", "text.npz", *(f"damaged-{number}.npz" for number in range(3))):
        with pytest.raises(ValueError, match=rf"{name} (cannot be read as an .npz|must hold one array)") as caught:
            load_own(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [{"fit": "foo"}, {"size": 0}, {"size": "8"}, {"size": (8,)}])
def test_settings_that_mean_nothing_are_refused(folder, given):
    picture(folder / "a.png")
    with pytest.raises(ValueError, match="fit is one of|size is a whole number"):
        load_own(folder, **given)
