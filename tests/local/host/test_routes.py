from __future__ import annotations

import pytest

from local.host.routes import Route, RouteTable


def match(template: str, path: str) -> dict[str, str] | None:
    found = RouteTable([Route.parse(template, ["GET"], None)]).find("GET", path)
    return None if found is None else dict(found[1])


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("", "/", {}),
        ("", "/a", None),
        ("api/me", "/api/me", {}),
        ("api/me", "/API/Me", {}),
        ("api/me", "/api/me/", {}),
        ("api/me", "/api/me/x", None),
        ("api/me", "/api", None),
        ("api/me", "//api/me", None),
        ("a/{b}", "/a/x", {"b": "x"}),
        ("a/{b}", "/A/X", {"b": "X"}),
        ("a/{b}", "/a", None),
        ("a/{b}", "/a/", None),
        ("a/{b}/c", "/a//c", None),
        ("a/{b}/c", "/a/x/c", {"b": "x"}),
        ("a/{b?}", "/a", {}),
        ("a/{b?}", "/a/x", {"b": "x"}),
        ("a/{b=1}", "/a", {"b": "1"}),
        ("a/{b=1}", "/a/2", {"b": "2"}),
        ("a/{b:int=5}", "/a", {"b": "5"}),
        ("a/{b:int=5}", "/a/x", None),
        ("{*rest}", "/", {}),
        ("f/{*rest}", "/f", {}),
        ("f/{*rest}", "/f/a/b.css", {"rest": "a/b.css"}),
        ("f/{**rest}", "/f/a/b", {"rest": "a/b"}),
        ("f/{*rest=index.html}", "/f", {"rest": "index.html"}),
        ("f/{name}.{end}", "/f/a.b.css", {"name": "a.b", "end": "css"}),
        ("f/v{number:int}", "/f/v12", {"number": "12"}),
        ("f/v{number:int}", "/f/vx", None),
        ("a/{b}", "/a/J%C3%BCrgen%20M", {"b": "Jürgen M"}),
        ("a/{b}", "/a/x+y", {"b": "x+y"}),
        ("a/{b}", "/a/x%2Fy", {"b": "x%2Fy"}),
        ("a/{b}", "/a/x%252Fy", {"b": "x%2Fy"}),
        ("a/caf%C3%A9", "/a/caf%C3%A9", None),
        ("a/café", "/a/caf%C3%A9", {}),
    ],
)
def test_templates_match_as_in_asp_net(template: str, path: str, values: dict[str, str] | None) -> None:
    assert match(template, path) == values


@pytest.mark.parametrize(
    ("constraint", "accepted", "refused"),
    [
        ("int", ["0", "-7", "+7", "2147483647"], ["2147483648", "1.0", "x", "²", "1_0"]),
        ("long", ["9223372036854775807", "-9223372036854775808"], ["9223372036854775808", "x"]),
        ("guid", ["0f8fad5b-d9cb-469f-a165-70867728950e"], ["0f8fad5b", "x"]),
        ("alpha", ["abcXYZ"], ["a1", "é"]),
        ("bool", ["true", "False"], ["1", "yes"]),
        ("datetime", ["2026-11-22", "2026-11-22T10:00:00"], ["2026-13-01", "soon"]),
        ("decimal", ["1.5", "-2"], ["x"]),
        ("length(3)", ["abc"], ["ab", "abcd"]),
        ("length(2,4)", ["ab", "abcd"], ["a", "abcde"]),
        ("minlength(2)", ["ab", "abc"], ["a"]),
        ("maxlength(2)", ["a", "ab"], ["abc"]),
        ("min(18)", ["18", "19"], ["17", "x"]),
        ("max(5)", ["-1", "5"], ["6", "x"]),
        ("range(1,5)", ["1", "5"], ["0", "6", "x"]),
        (r"regex(^\d{{3}}-\d{{2}}$)", ["123-45"], ["1234-5", "x"]),
        ("regex(^[a-f]+$)", ["abc", "ABC"], ["xyz"]),
        ("int:min(3)", ["3"], ["2", "x"]),
        ("required", ["x"], []),
    ],
)
def test_constraints_decide_what_is_a_match(constraint: str, accepted: list[str], refused: list[str]) -> None:
    for value in accepted:
        assert match(f"a/{{v:{constraint}}}", f"/a/{value}") == {"v": value}
    for value in refused:
        assert match(f"a/{{v:{constraint}}}", f"/a/{value}") is None


def test_more_specific_routes_go_first_however_they_are_declared() -> None:
    templates = ["{*all}", "m/{*rest}", "m/{id}", "m/{id:int}", "m/{n}.csv", "m/count", "m", "{x}"]
    for declared in (templates, templates[::-1]):
        table = RouteTable([Route.parse(template, ["GET"], template) for template in declared])
        for path, template in [
            ("/m", "m"),
            ("/m/count", "m/count"),
            ("/m/7", "m/{id:int}"),
            ("/m/a.csv", "m/{n}.csv"),
            ("/m/a", "m/{id}"),
            ("/m/a/b", "m/{*rest}"),
            ("/o", "{x}"),
            ("/o/p", "{*all}"),
        ]:
            found = table.find("GET", path)
            assert found is not None
            assert found[0] == template


def test_a_route_for_another_method_does_not_hide_a_less_specific_one() -> None:
    table = RouteTable([Route.parse("a/b", ["POST"], "exact"), Route.parse("a/{x}", ["GET"], "loose")])
    assert table.find("GET", "/a/b") == ("loose", {"x": "b"})
    assert table.find("POST", "/a/b") == ("exact", {})
    assert table.find("DELETE", "/a/b") is None


def test_a_route_without_methods_takes_every_method() -> None:
    assert RouteTable([Route.parse("a", [], "any")]).find("PURGE", "/a") == ("any", {})


@pytest.mark.parametrize("template", ["{a}/{A}", "{*a}/b", "{a", "a}", "{}", "{a:nope}", "{a:int(}"])
def test_a_malformed_template_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="route"):
        Route.parse(template, [], None)
