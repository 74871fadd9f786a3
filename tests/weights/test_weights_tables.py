"""The parts of TensorFlow's files: wire format, sorted tables, Snappy, slice keys, text messages."""

import io

import numpy as np
import pytest

from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights import WeightsError
from nb_sepconv.weights.tensorflow import checkpoint_state, protobuf, snappy, string_tensor
from nb_sepconv.weights.tensorflow.crc32c import crc32c, masked
from nb_sepconv.weights.tensorflow.ordered_code import slice_key
from nb_sepconv.weights.tensorflow.sstable import Table
from nb_sepconv.weights.tensorflow.sstable_writer import write_table
from nb_sepconv.weights.tensorflow.tensor_values import tensor_values

VARINTS = [(0, b"\0"), (1, b"\1"), (127, b"\x7f"), (128, b"\x80\1"), (300, b"\xac\2"), (-1, b"\xff" * 9 + b"\1")]


@pytest.mark.parametrize(("value", "stored"), VARINTS)
def test_varints(value, stored):
    assert protobuf.write_varint(value) == stored
    found, position = protobuf.read_varint(b"\xaa" + stored + b"\xaa", 1)
    assert (protobuf.signed(found), position) == (value, 1 + len(stored))


@pytest.mark.parametrize(
    ("stored", "match"),
    [
        (b"\x80" * 10, "end of an integer within 10 bytes"),
        (b"\x80", "end of an integer"),
        (b"\xff" * 9 + b"\2", "at most 64 bits"),
    ],
)
def test_bad_varints(stored, match):
    with pytest.raises(WeightsError, match=match):
        protobuf.read_varint(stored, 0)


@pytest.mark.parametrize(
    ("stored", "match"),
    [
        (b"\0\1", "field number above 0"),
        (b"\x0b", "wire type 0, 1, 2 or 5; received 3"),
        (b"\x0a\5abc", "field of 5 bytes; 3 are left"),
        (b"\x0d\1\2", "field of 4 bytes; 2 are left"),
    ],
)
def test_bad_fields(stored, match):
    with pytest.raises(WeightsError, match=match):
        list(protobuf.fields(stored))


def test_known_field_of_another_wire_type_is_refused():
    with pytest.raises(WeightsError, match="expected field 1 with wire type 2; received 0"):
        protobuf.message(b"\x08\1", {1: protobuf.BYTES})


def test_text_must_be_utf8():
    with pytest.raises(WeightsError, match="expected UTF-8 text"):
        protobuf.text(b"\xff")


@pytest.mark.parametrize(
    ("name", "extents", "key"),
    [
        ("emb/w", [(0, 3), (0, -1)], "00656d622f77000101028083807f"),
        ("a", [(0x424242, -0x800)], "006100010101f04242423800"),
        ("", [], "00000100"),
        ("\0x\xff", [], "0000ff78c3bf000100"),
        ("w", [(63, 64), (-64, -65)], "00770001" + "0102" + "bfc040" + "403fbf"),
    ],
)
def test_slice_keys(name, extents, key):
    assert slice_key(name, extents).hex() == key


def test_slice_keys_sort_as_their_numbers():
    starts = sorted(
        set((np.random.default_rng(0).normal(size=400) * 10.0 ** np.arange(0, 16, 0.04)).astype(np.int64).tolist())
    )
    keys = [slice_key("v", [(start, -1)]) for start in starts]
    assert keys == sorted(keys)


def write(tmp_path, data):
    path = tmp_path / "table"
    path.write_bytes(data)
    return RandomAccessFile(path)


@pytest.mark.parametrize("count", [0, 1, 16, 17, 1000])
def test_tables_give_back_their_rows(tmp_path, count):
    rng = np.random.default_rng(count)
    rows = [(f"name/{index:05d}".encode(), rng.bytes(int(rng.integers(0, 2000)))) for index in range(count)]
    stored = io.BytesIO()
    write_table(stored, rows)
    with write(tmp_path, stored.getvalue()) as file:
        table = Table(file)
        assert [(key, bytes(value)) for key, value in table] == rows
        assert all(bytes(table.get(key)) == value for key, value in rows[::7])
        assert table.get(b"zzz") is None
        assert table.get(b"name/") is None


def test_keys_out_of_order_are_refused(tmp_path):
    stored = io.BytesIO()
    write_table(stored, [(b"b", b""), (b"a", b"")])
    with write(tmp_path, stored.getvalue()) as file, pytest.raises(WeightsError, match="expected a key after b'b'"):
        list(Table(file))


def test_snappy_blocks_are_decoded():
    literal = b"\x0a" + bytes([(4 - 1) << 2]) + b"abcd"
    overlapping_copy = bytes([(6 - 4) << 2 | 0 << 5 | 1, 4])
    assert bytes(snappy.decode(literal + overlapping_copy)) == b"abcdabcdab"
    long_literal = bytes(range(100))
    assert bytes(snappy.decode(b"\x64" + bytes([60 << 2, 99]) + long_literal)) == long_literal
    two_byte_copy = bytes([(3 - 1) << 2 | 2]) + (100).to_bytes(2, "little")
    four_byte_copy = bytes([(2 - 1) << 2 | 3]) + (103).to_bytes(4, "little")
    decoded = snappy.decode(b"\x69" + bytes([60 << 2, 99]) + long_literal + two_byte_copy + four_byte_copy)
    assert bytes(decoded) == long_literal + b"\0\1\2\0\1"


@pytest.mark.parametrize(
    ("block", "match"),
    [
        (b"\xff\xff\xff\xff\x0f", "expected at most 160 decoded bytes; 4294967295 are declared"),
        (b"\x04\x0cab", "literal of 4 bytes; 2 are left"),
        (b"\x02\x0cabcd", "expected 2 decoded bytes; received more"),
        (b"\x09\x0cabcd", "expected 9 decoded bytes; received 4"),
        (b"\x08\x0cabcd\x01\x05", "distance from 1 to 4; received 5"),
        (b"\x08\x0cabcd\x01\x00", "distance from 1 to 4; received 0"),
        (b"\x08\x0cabcd\x02\x05", "expected 2 more bytes"),
    ],
)
def test_bad_snappy_blocks(block, match):
    with pytest.raises(WeightsError, match=match):
        snappy.decode(block)


@pytest.mark.parametrize("strings", [[], [b""], [b"one", b"", b"three" * 100]])
def test_strings_and_their_checksums(strings):
    stored, crc = string_tensor.encode(strings)
    assert string_tensor.decode(stored, (len(strings),), crc).tolist() == strings
    with pytest.raises(WeightsError, match="checksum of the strings"):
        string_tensor.decode(stored, (len(strings),), crc ^ 1)


def test_string_checksum_is_the_documented_one():
    stored, crc = string_tensor.encode([b"ab", b"c"])
    lengths = crc32c(bytes([2, 0, 0, 0, 1, 0, 0, 0]))
    assert stored == b"\2\1" + masked(lengths).to_bytes(4, "little") + b"abc"
    assert crc == masked(crc32c(masked(lengths).to_bytes(4, "little") + b"abc", lengths))


def test_values_of_a_tensor_message_packed_or_not():
    packed = b"\x2a\x08" + np.float32([1.5, -2.0]).tobytes()
    unpacked = b"\x2d" + np.float32([1.5]).tobytes() + b"\x2d" + np.float32([-2.0]).tobytes()
    for message in (packed, unpacked):
        np.testing.assert_array_equal(tensor_values(message, "float32"), np.float32([1.5, -2.0]))
    assert tensor_values(b"\x3a\x0b" + b"\xff" * 9 + b"\1\5", "int32").tolist() == [-1, 5]
    assert tensor_values(b"\x22\x04\1\0\2\0", "int16").tolist() == [1, 2]


@pytest.mark.parametrize(
    ("message", "type_name", "match"),
    [
        (b"\x2a\x03abc", "float32", "values of 4 bytes; received 3 bytes"),
        (b"\x3a\x02\x80\x02", "int8", "values that fit int8"),
        (b"\x3a\x01\x80", "int32", "expected the values to end with the field"),
    ],
)
def test_bad_values_of_a_tensor_message(message, type_name, match):
    with pytest.raises(WeightsError, match=match):
        tensor_values(message, type_name)


NAMES = ["model.ckpt-3", 'quo"ted', "back\\slash", "größe", "new\nline"]


def test_state_of_a_folder_comes_back(tmp_path):
    checkpoint_state.write_state(str(tmp_path), [str(tmp_path / name) for name in NAMES])
    assert checkpoint_state.read_state(tmp_path / "checkpoint") == (NAMES[-1], NAMES)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b"", "expected one `model_checkpoint_path`"),
        (b'model_checkpoint_path: "a\n', "expected `model_checkpoint_path: .* in line 1"),
        (b'model_checkpoint_path: "a"\nother: "b"\n', "in line 2"),
        (b'model_checkpoint_path: "a"\nmodel_checkpoint_path: "b"\n', "expected one `model_checkpoint_path`; received"),
        (b'model_checkpoint_path: "a"\nall_model_checkpoint_paths: 7\n', "in line 2; received '7"),
        (b'# "a"\n"a"', "in line 2"),
        (b'model_checkpoint_path: "a" model_checkpoint_path {', "in line 1"),
        (b'model_checkpoint_path: "\xff"', "expected UTF-8 text"),
    ],
)
def test_bad_states(tmp_path, text, match):
    (tmp_path / "checkpoint").write_bytes(text)
    with pytest.raises(WeightsError, match=match):
        checkpoint_state.read_state(tmp_path / "checkpoint")


@pytest.mark.parametrize(
    "text",
    [
        'model_checkpoint_path: "m-2"\nall_model_checkpoint_paths: "m-1"\n',
        "model_checkpoint_path: 'm-2' all_model_checkpoint_paths: 'm-1'",
        '# model_checkpoint_path: "other"\nmodel_checkpoint_path: "m-2" #\nall_model_checkpoint_paths: ["m-1"]',
        'model_checkpoint_path :\n  "m-2";\nlast_preserved_timestamp: 1e9,\nall_model_checkpoint_paths: "m-1"\n#',
    ],
)
def test_other_ways_to_write_a_state_are_understood(text, tmp_path):
    """TensorFlow reads any text message: other quotes, comments, lists, and a latest one that is not among all."""
    (tmp_path / "checkpoint").write_text(text)
    assert checkpoint_state.read_state(tmp_path / "checkpoint") == ("m-2", ["m-1"])


@pytest.mark.parametrize("latest", [r"C:\\runs\\m-2", "D:/runs/m-2", r"\\\\host\\share\\m-2", "/gone/m-2"])
def test_whole_paths_of_other_systems_mean_the_checkpoint_in_the_folder(latest, tmp_path):
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{latest}"\n')
    assert checkpoint_state.latest_prefix(str(tmp_path)) == str(tmp_path / "m-2")


def test_escapes_that_tensorflow_writes_are_understood(tmp_path):
    text = b'model_checkpoint_path: "gr\\303\\266\\303\\237e\\tx"\nall_model_checkpoint_timestamps: 17.5\n'
    (tmp_path / "checkpoint").write_bytes(text)
    assert checkpoint_state.read_state(tmp_path / "checkpoint") == ("größe\tx", [])
