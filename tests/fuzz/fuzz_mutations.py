"""Files made wrong with knowledge of their form, from a seed: bytes, JSON, TOML, PDF objects."""

from __future__ import annotations

import copy
import io
import json
import random
import re
from collections.abc import Callable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

Mutate = Callable[[random.Random, bytes], bytes]

#: What people and programs do not expect in a value.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**31, 2**63, -(2**63), 10**30, 1e308, -1e308, float("nan"),
    float("inf"), "", " ", "a", "0", "../../../etc/passwd", "/tmp/fuzz-escape", "C:\\x", "\x00",
    "\ud800", "\u202e", "<script>alert(1)</script>", "</textarea><img src=x onerror=alert(1)>",
    "javascript:alert(1)", "{{7*7}}", "%s%n", "x" * 20_000, "\u00e9" * 300, "1e999", "\n", "\r\n",
    [], {}, [[]], [None], {"": None}, [0] * 2000, {"a": {"b": {"c": []}}},
)  # fmt: skip


def mutate_bytes(rng: random.Random, content: bytes) -> bytes:
    """Flip, cut, double, move or overwrite a few bytes."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        if not changed:
            break
        at = rng.randrange(len(changed))
        size = min(len(changed) - at, int(2 ** rng.uniform(0, 9)))
        match rng.randrange(6):
            case 0:
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                changed[at : at + size] = rng.randbytes(size)
            case 2:
                del changed[at : at + size]
            case 3:
                changed[at:at] = changed[at : at + size]
            case 4:
                changed[at : at + size] = bytes([rng.choice((0, 32, 127, 255))]) * size
            case 5 if rng.random() < 0.2:
                del changed[at:]
    return bytes(changed)


# ------------------------------------------------------------------------------------ JSON, TOML


def mutate_json(rng: random.Random, content: bytes) -> bytes:
    """Change values, keys and nesting of JSON; sometimes bytes of the text."""
    if rng.random() < 0.2:
        return mutate_bytes(rng, content)
    value = json.loads(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        value = _change(rng, value)
    if rng.random() < 0.02:  # deeper than parsers like
        depth = rng.choice((50, 900, 5_000))
        return b"[" * depth + json.dumps(value).encode() + b"]" * depth
    return json.dumps(value, ensure_ascii=rng.random() < 0.7).encode("utf-8", "surrogatepass")


def mutate_jsonl(rng: random.Random, content: bytes) -> bytes:
    """Change some lines of JSON lines; leave out, double or cut others."""
    lines = content.split(b"\n")
    for _ in range(rng.choice((1, 2, 5))):
        at = rng.randrange(len(lines))
        match rng.randrange(6):
            case 0:
                lines.insert(at, lines[at])
            case 1:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
            case _ if lines[at].strip():
                try:
                    lines[at] = mutate_json(rng, lines[at])
                except (ValueError, RecursionError):  # was changed before
                    lines[at] = mutate_bytes(rng, lines[at])
    return b"\n".join(lines)


def _change(rng: random.Random, value: Any) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        match rng.randrange(8):
            case 0:
                value.pop(key)
            case 1:
                value[str(rng.choice(VALUES))[:50]] = value.pop(key)
            case 2:
                value[key] = copy.deepcopy(value[rng.choice(list(value))])
            case _:
                value[key] = _change(rng, value[key])
        return value
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        match rng.randrange(8):
            case 0:
                value.pop(at)
            case 1:
                value.insert(at, copy.deepcopy(value[at]))
            case 2:
                value[at] = copy.deepcopy(rng.choice(value))
            case _:
                value[at] = _change(rng, value[at])
        return value
    if isinstance(value, str) and value and rng.random() < 0.4:
        at = rng.randrange(len(value))
        return value[:at] + str(rng.choice(VALUES))[:500] + value[at + rng.randrange(3) :]
    if isinstance(value, int | float) and rng.random() < 0.4:
        return rng.choice((-value, value * 1000, value + 1, value - 0.5, str(value)))
    return copy.deepcopy(rng.choice(VALUES))


def mutate_toml(rng: random.Random, content: bytes) -> bytes:
    """Change values, keys and tables of TOML, line by line; sometimes bytes of the text."""
    if rng.random() < 0.2:
        return mutate_bytes(rng, content)
    lines = content.decode().split("\n")
    strange = ("1979-05-27T07:32:00Z", "inf", "nan", "0x7fffffffffffffffff", "[" * 200, "{}", "'''")
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(lines))
        key, equals, _ = lines[at].partition("=")
        match rng.randrange(6):
            case 0:
                del lines[at]
                lines = lines or [""]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines[at] = f"{rng.choice(VALUES)}"[:200] + lines[at]
            case 3 if equals:
                lines[at] = f"{key}= {rng.choice(strange)}"
            case _ if equals:
                value = rng.choice(VALUES)
                lines[at] = f"{key}= {json.dumps(value)}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def mutate_csv(rng: random.Random, content: bytes) -> bytes:
    """Change cells, columns and quotes of a table."""
    if rng.random() < 0.3:
        return mutate_bytes(rng, content)
    rows = [line.split(b",") for line in content.split(b"\n")]
    for _ in range(rng.choice((1, 2, 5))):
        row = rng.choice(rows)
        at = rng.randrange(len(row))
        strange = str(rng.choice(VALUES)).encode("utf-8", "surrogatepass")
        match rng.randrange(5):
            case 0:
                row.pop(at)
                row or row.append(b"")
            case 1:
                row.insert(at, strange)
            case 2:
                row[at] = b'"' + strange
            case 3:
                rows.insert(rng.randrange(len(rows)), list(row))
            case 4:
                row[at] = strange
    return b"\n".join(b",".join(row) for row in rows)


# ------------------------------------------------------------------------------------------- PDF


def mutate_pdf(rng: random.Random, content: bytes) -> bytes:
    """Change objects of a PDF, then sometimes bytes of the file."""
    chance = rng.random()
    if chance < 0.15:
        return mutate_bytes(rng, content)
    try:
        changed = _change_objects(rng, content)
    except Exception:  # the library refuses what it was asked to write: bytes then
        return mutate_bytes(rng, content)
    if chance < 0.35:
        return _break_lengths(rng, changed)
    return mutate_bytes(rng, changed) if chance < 0.45 else changed


def _change_objects(rng: random.Random, content: bytes) -> bytes:
    out = io.BytesIO()
    with Pdf.open(io.BytesIO(content)) as pdf:
        tables = [o for o in pdf.objects if isinstance(o, Dictionary | Stream)]
        for _ in range(rng.choice((1, 1, 2, 4, 8))):
            rng.choice(_CHANGES)(rng, pdf, rng.choice(tables))
        modes = pikepdf.ObjectStreamMode
        pdf.save(
            out,
            object_stream_mode=rng.choice((modes.disable, modes.generate)),
            compress_streams=rng.random() < 0.5,
            fix_metadata_version=False,
        )
    return out.getvalue()


def _strange(rng: random.Random, pdf: Pdf) -> Any:
    nested: Any = Array([])
    for _ in range(rng.choice((1, 40, 400))):
        nested = Array([nested])
    return rng.choice(
        (
            None, True, -1, 0, 1, 13, 2**31 - 1, 10**9, -(10**9), 0.00001, "text", b"\xff\xfe",
            Name("/Nothing"), Name("/DeviceCMYK"), Array([]), Array([0, 0, 0, 0]), nested,
            Array([1e9, -1e9, 1e9, 1e9]), Dictionary(), pdf.Root, rng.choice(list(pdf.objects)),
        )
    )  # fmt: skip


def _set_key(rng: random.Random, pdf: Pdf, table: Object) -> None:
    keys = list(table.keys())
    if keys:
        _put(table, rng.choice(keys), _strange(rng, pdf))


def _delete_key(rng: random.Random, pdf: Pdf, table: Object) -> None:
    keys = list(table.keys())
    if keys:
        del table[rng.choice(keys)]


def _swap_keys(rng: random.Random, pdf: Pdf, table: Object) -> None:
    keys = list(table.keys())
    if len(keys) > 1:
        one, other = rng.sample(keys, 2)
        first, second = table[one], table[other]
        _put(table, one, second)
        _put(table, other, first)


def _point_to_itself(rng: random.Random, pdf: Pdf, table: Object) -> None:
    keys = list(table.keys())
    if keys and table.is_indirect:
        _put(table, rng.choice(keys), table)


def _loop_page_tree(rng: random.Random, pdf: Pdf, table: Object) -> None:
    pages = pdf.Root.Pages
    match rng.randrange(4):
        case 0:
            pages.Kids = Array([pages, *list(pages.Kids)])
        case 1:
            pages.Count = rng.choice((0, -1, 2**31 - 1, 100_000))
        case 2:
            pages.Kids = Array([pages.Kids[0]] * rng.choice((2, 200)))
        case 3:
            pages.Kids[0].Parent = pages.Kids[0]


def _spoil_page(rng: random.Random, pdf: Pdf, table: Object) -> None:
    page = pdf.Root.Pages.Kids[0]
    key = rng.choice(("/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents"))
    boxes = ([0, 0, 1e9, 1e9], [0, 0, 0, 0], [9, 9, -9, -9], [0, 0, 1], [float(10**7)] * 4)
    _put(page, key, rng.choice((Array(rng.choice(boxes)), _strange(rng, pdf), 45, 1e6)))


def _spoil_stream(rng: random.Random, pdf: Pdf, table: Object) -> None:
    streams = [o for o in pdf.objects if isinstance(o, Stream)]
    if not streams:
        return
    stream = rng.choice(streams)
    raw = stream.read_raw_bytes()
    filters = ("FlateDecode", "DCTDecode", "JPXDecode", "LZWDecode", "CCITTFaxDecode",
               "JBIG2Decode", "RunLengthDecode", "ASCII85Decode", "Crypt", "Nothing")  # fmt: skip
    match rng.randrange(5):
        case 0:
            stream.write(mutate_bytes(rng, raw), filter=stream.get("/Filter"))
        case 1:
            stream.write(raw, filter=Name(f"/{rng.choice(filters)}"))
        case 2:
            chain = [Name(f"/{rng.choice(filters)}") for _ in range(rng.choice((2, 5, 60)))]
            stream.write(raw, filter=Array(chain))
        case 3:
            stream.DecodeParms = Dictionary(
                Predictor=rng.choice((2, 12, 15, 99)),
                Columns=rng.choice((0, -1, 10**9)),
                Colors=rng.choice((0, 1, 10**6)),
                BitsPerComponent=rng.choice((0, 3, 16, 99)),
            )
        case 4:
            stream.write(b"", filter=stream.get("/Filter"))


def _spoil_image(rng: random.Random, pdf: Pdf, table: Object) -> None:
    images = [o for o in pdf.objects if isinstance(o, Stream) and o.get("/Subtype") == "/Image"]
    if not images:
        return
    image = rng.choice(images)
    keys = ("/Width", "/Height", "/BitsPerComponent", "/ColorSpace", "/Decode", "/SMask", "/Mask",
            "/ImageMask", "/Matte")  # fmt: skip
    space = Array([Name("/Indexed"), Name("/DeviceRGB"), 255, b"\x00"])
    values = (0, -1, 1, 60_000, 2**31 - 1, image, space, True, Array([1, 0] * 40))
    _put(image, rng.choice(keys), rng.choice((*values, _strange(rng, pdf))))


def _spoil_font(rng: random.Random, pdf: Pdf, table: Object) -> None:
    fonts = [o for o in pdf.objects if isinstance(o, Dictionary) and o.get("/Type") == "/Font"]
    if not fonts:
        return
    font = rng.choice(fonts)
    garbage = pdf.make_stream(b"1 begincodespacerange <00> <ffffffff> " + rng.randbytes(60))
    keys = ("/Subtype", "/BaseFont", "/Encoding", "/ToUnicode", "/FirstChar", "/LastChar",
            "/Widths", "/DescendantFonts", "/FontDescriptor", "/CharProcs")  # fmt: skip
    _put(font, rng.choice(keys), rng.choice((garbage, font, -5, _strange(rng, pdf))))


def _spoil_content(rng: random.Random, pdf: Pdf, table: Object) -> None:
    page = pikepdf.Page(pdf.Root.Pages.Kids[0])
    lines = (
        b"q " * 3000, b"Q " * 50, b"BT " * 40, b"/Nothing Do /Nothing gs /Nothing sh ",
        b"1e30 0 0 1e30 0 0 cm ", b"0 0 0 0 0 0 cm ", b"0 0 99999999 99999999 re W n ",
        b"BI /W 9999 /H 9999 /BPC 8 /CS /G ID xx EI ", b"1 2 3 4 5 6 c S " * 2000, b"[ ( " * 300,
        b"/F1 1e9 Tf (" + b"x" * 5000 + b") Tj ", b"<< " * 500,
    )  # fmt: skip
    if rng.random() < 0.3:
        form = pdf.make_stream(b"q 1 0 0 1 0 0 cm /Loop Do /Loop Do Q")
        form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 600, 800])
        form = pdf.make_indirect(form)
        form.Resources = Dictionary(XObject=Dictionary(Loop=form))
        page.obj.Resources.XObject = page.obj.Resources.get("/XObject", Dictionary())
        page.obj.Resources.XObject["/Loop"] = form
        page.contents_add(b"/Loop Do")
        return
    page.contents_add(rng.choice(lines), prepend=rng.random() < 0.5)


def _put(table: Object, key: str, value: Any) -> None:
    target = table.stream_dict if isinstance(table, Stream) else table
    target[key] = value


_CHANGES: tuple[Callable[[random.Random, Pdf, Object], None], ...] = (
    _set_key, _set_key, _delete_key, _swap_keys, _point_to_itself, _loop_page_tree, _spoil_page,
    _spoil_stream, _spoil_stream, _spoil_image, _spoil_image, _spoil_font, _spoil_content,
)  # fmt: skip


def _break_lengths(rng: random.Random, content: bytes) -> bytes:
    """Write other numbers where lengths, sizes and places stand."""
    pattern = re.compile(rb"/(Length|Size|Prev|N|First|W) \d+|startxref\s+\d+|\d{10} \d{5} n")
    places = list(pattern.finditer(content))
    if not places:
        return mutate_bytes(rng, content)
    place = rng.choice(places)
    wrong = str(rng.choice((0, 1, 7, 10**6, 2**31, 10**12))).encode()
    return (
        content[: place.start()]
        + re.sub(rb"\d+", wrong, place[0], count=1)
        + content[place.end() :]
    )
