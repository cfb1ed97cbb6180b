# SPDX-License-Identifier: Apache-2.0
"""Shapes of functions and structs, in every language: what shapes.h declares beside the public
headers."""

from __future__ import annotations

import ast
import pathlib
import re
import shutil

import pytest

import headers
import model
import rules
import write_count_calls
import write_go
import write_python

HERE = pathlib.Path(__file__).resolve().parent


def put_shapes(include: pathlib.Path, text: str) -> None:
    """Adds the header to public ones."""
    (include / "modelreg" / "shapes.h").write_text(text, encoding="utf-8")
    for path, before, more in (
        (include / "modelreg" / "modelreg.h", "#include <modelreg/types.h>\n", "shapes.h"),
        (include / "meson.build", "  'types.h',\n", "shapes.h"),
    ):
        whole = path.read_text(encoding="utf-8")
        assert whole.count(before) == 1
        added = before.replace("types.h", more)
        path.write_text(whole.replace(before, added + before), encoding="utf-8")


@pytest.fixture(name="api", scope="module")
def shapes_api(tmp_path_factory: pytest.TempPathFactory) -> model.Api:
    include = tmp_path_factory.mktemp("shapes") / "include"
    shutil.copytree(headers.ROOT / "include", include)
    put_shapes(include, (HERE / "shapes.h").read_text(encoding="utf-8"))
    api, findings = rules.check(include)
    assert api is not None
    assert [str(each) for each in findings] == []
    return api


@pytest.fixture(name="python", scope="module")
def python_text(api: model.Api) -> str:
    (text,) = write_python.write_python(api).values()
    return text


@pytest.fixture(name="go", scope="module")
def go_text(api: model.Api) -> str:
    files = write_go.write_go(api)
    return "".join(files[f"bindings/go/{name}"] for name in files_of_go(files))


def files_of_go(files: dict[str, str]) -> list[str]:
    return [pathlib.Path(path).name for path in files if path.endswith(".go")]


def method(text: str, owner: str, name: str) -> ast.FunctionDef:
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.name == owner:
            for each in node.body:
                if isinstance(each, ast.FunctionDef) and each.name == name:
                    return each
    raise KeyError(f"{owner}.{name}")


def head(text: str, owner: str, name: str) -> str:
    """Parameters and result of a method of Python."""
    found = method(text, owner, name)
    assert found.returns is not None
    return f"{ast.unparse(found.args)} -> {ast.unparse(found.returns)}"


def body(go: str, start: str) -> str:
    assert go.count(f"\nfunc {start}") == 1, start
    return go.split(f"\nfunc {start}", 1)[1].split("\n}\n", 1)[0]


def test_the_library_that_counts_hands_every_call_on(api: model.Api) -> None:
    (text,) = write_count_calls.write_count_calls(api).values()
    for name in ("mr_mark_compare", "mr_crate_walk", "mr_walk_go_on", "mr_crate_page_at"):
        assert re.search(rf"^SHOWN .*\b{name}\(", text, re.M), name
    assert "int32_t mr_mark_compare(const mr_mark *mark, const mr_mark *other) { return" in text


def test_a_handle_that_may_be_missing(python: str, go: str) -> None:
    assert head(python, "Crate", "walk") == (
        "self, other: Crate | None=None, *, condition: Condition | None=None, depth: int=0, "
        "crate: Crate | None=None, cancel: Cancel | None=None -> Walk"
    )
    text = ast.unparse(method(python, "Crate", "walk"))
    assert "with self._lock, _runtime.lock_of(other), _runtime.lock_of(crate):" in text
    walk = body(go, "(c *Crate) Walk(other *Crate, options *WalkOptions) (*Walk, error)")
    assert 'f.argument("other", other.core(), true)' in walk
    assert "\tf.lock()\n" in walk
    assert 'f.argument("WalkOptions.Crate", o.Crate.core(), true)' in go


def test_a_call_that_gives_another_handle_of_its_kind(python: str, go: str) -> None:
    assert head(python, "Walk", "go_on").endswith("-> Walk")
    assert "return Walk._own(out)" in ast.unparse(method(python, "Walk", "go_on"))
    went = body(go, "(w *Walk) GoOn(options *WalkOptions) (*Walk, error)")
    assert "return newWalk(got.out, w.owner.handle.host, w), nil" in went


def test_a_list_with_a_record_of_its_own(python: str, go: str) -> None:
    assert "\nclass Walk(Rows[CrateRecord]):\n" in python
    assert head(python, "Walk", "info") == "self -> WalkRecord"
    for start in ("Len() (int, error)", "At(index int) (CrateRecord, error)"):
        body(go, f"(w *Walk) {start}")
    body(go, "(w *Walk) Info() (WalkRecord, error)")
    body(go, "(w *Walk) All() iter.Seq2[CrateRecord, error]")


def test_a_page_whose_name_begins_with_that_of_a_handle(python: str, go: str) -> None:
    assert "\nclass CratePage(Page[CrateRecord]):\n" in python
    listed = "self, *, page_limit: int=0 -> Iterator[CrateRecord]"
    assert head(python, "Walk", "list_crates") == listed
    assert head(python, "Walk", "list_crates_page").endswith("-> CratePage")
    body(go, "takeCratePage(ptr unsafe.Pointer) Page[CrateRecord]")
    body(go, "(w *Walk) ListCratesPage(options *ListOptions) (Page[CrateRecord], error)")


def test_arrays_and_texts_of_a_record_that_may_be_missing(python: str, go: str) -> None:
    assert "    labels: tuple[str, ...]\n" in python
    assert "draft.labels = _runtime.texts(raw.labels, raw.label_count)" in python
    assert "    maker: str | None\n" in python
    assert "r.Labels = goTexts(c.labels, C.int64_t(c.label_count))" in go
    assert "r.Maker = C.GoString(c.maker)" in go


def test_a_time_beside_what_it_is_the_time_of(python: str, go: str) -> None:
    assert "    condition: Condition\n    condition_us: int\n" in python
    assert "    def condition_at(self) -> datetime.datetime:\n" in python
    assert "r.Condition = Condition(c.condition)\n" in go
    assert "r.ConditionAt = goTime(c.condition_us)\n" in go
    assert re.search(r"^\tConditionAt time\.Time$", go, re.M)


def test_delete_is_a_method(python: str, go: str) -> None:
    assert head(python, "Walk", "delete") == "self, reason: str | None=None -> None"
    body(go, "(w *Walk) Delete(reason string) error")


def test_what_is_no_failure(python: str, go: str) -> None:
    deleted = ast.get_docstring(method(python, "Walk", "delete")) or ""
    assert "\n\nIt is no failure when it is gone already.\n\nArgs:\n" in deleted
    assert deleted.endswith("Raises:\n    ModelregError: NoMemoryError")
    went = ast.get_docstring(method(python, "Walk", "go_on")) or ""
    assert went.startswith("Goes on.\n\nAsk the new walk how far it came.\n\nArgs:\n")
    assert went.endswith("Raises:\n    ModelregError: CancelledError")
    assert re.search(
        r"^// It is no failure when it is gone already\.\n//\n//   - reason: .*\n//\n"
        r"// Errors: \[ErrNoMemory\]\.\nfunc \(w \*Walk\) Delete\(",
        go,
        re.M,
    )
    assert "\n// Ask the new walk how far it came.\n" in go


def test_flags_need_not_be_given(python: str, go: str) -> None:
    assert head(python, "Mark", "parse") == "cls, text: str, flags: MarkFlags=MarkFlags(0) -> Mark"
    body(go, "ParseMark(text string, flags MarkFlags) (*Mark, error)")


def test_what_is_compared_is_ordered(python: str, go: str) -> None:
    assert "\nclass Mark(Ordered):\n" in python
    assert head(python, "Mark", "compare") == "self, other: Mark -> int"
    text = ast.get_docstring(method(python, "Mark", "compare")) or ""
    assert text.endswith("-1, 0 or 1: it is below the other, equal to it, or above it")
    assert 'Prototype("mr_mark_compare", True, ctypes.c_int32, [_MarkRef, _MarkRef])' in python
    compare = body(go, "(m *Mark) Compare(other *Mark) int")
    assert "f.present(m.core())" in compare and "f.present(other.core())" in compare


def test_a_question_about_two_handles(python: str, go: str) -> None:
    assert head(python, "Mark", "covers") == "self, inner: Mark -> bool"
    covers = body(go, "(m *Mark) Covers(inner *Mark) (bool, error)")
    assert 'f.argument("inner", inner.core(), false)' in covers
    assert "return C.mr_mark_covers((*C.mr_mark)(self), (*C.mr_mark)(cInner)) != 0, nil" in covers
    assert "// Returns true when it does, else false.\nfunc (m *Mark) Covers" in go


def test_bytes_of_a_buffer(python: str, go: str) -> None:
    assert head(python, "Mark", "key") == "self -> bytes"
    key = body(go, "(m *Mark) Key() ([]byte, error)")
    assert "return []byte(takeBuffer(got.out)), nil" in key
    body(go, "(g *Gate) Text() (string, error)")


COMPARE = "MR_API int32_t mr_mark_compare(const mr_mark *mark, const mr_mark *other);"
KEY = "MR_API mr_status mr_mark_key(const mr_mark *mark, mr_buffer **out_key, mr_error *error);"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (COMPARE, COMPARE.replace("int32_t", "int64_t"), "declare int32_t mr_mark_compare("),
        ("-1, 0 or 1: it", "below 0, 0 or above: it", "begin @return with"),
        ("; NULL is below every mark", "", "say where NULL stands"),
        ("mr_mark_key", "mr_mark_bytes", "declare mr_status mr_mark_key()"),
        (KEY, KEY.replace("const ", ""), "there is no order of what changes"),
    ],
)
def test_a_comparison_orders_everything(
    tmp_path: pathlib.Path, old: str, new: str, said: str
) -> None:
    include = tmp_path / "include"
    shutil.copytree(headers.ROOT / "include", include)
    text = (HERE / "shapes.h").read_text(encoding="utf-8")
    assert text.count(old) == 1
    put_shapes(include, text.replace(old, new))
    _, findings = rules.check(include)
    assert [(each.where.header, each.rule) for each in findings] == [("shapes.h", "compare")]
    assert said in findings[0].message
