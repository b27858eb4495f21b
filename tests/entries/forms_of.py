"""Reading a day's page in tests: what its form would send, and what its rows say."""

from uuid import uuid4


def sent_by(page) -> dict[str, str]:
    """What a browser without scripts would send from the day's form; hidden `self` before the helper's box."""
    found: dict[str, str] = {}
    inside = {el for form in page.all("form", id="day-form") for el in form.iter()}
    inside |= {el for span in page.all("span", id="ids") for el in span.iter()}
    for el in fields(page):
        if el.get("form") != "day-form" and el not in inside:
            continue
        if el.get("type") in ("radio", "checkbox") and el.get("checked") is None:
            continue
        value = "".join(el.itertext()) if el.tag == "textarea" else el.get("value", "")
        found[el.get("name")] = value
    return found


def fields(page):
    """Every input and textarea in the order of the page."""
    return [el for el in page.tree.iter() if el.tag in ("input", "textarea")]


def row(page, key) -> str:
    """The words of one of the five rows."""
    return page.words(page.one("li", id=f"row-{key}"))


def ids(page) -> dict[str, str]:
    """`base` and a fresh `write_id`, as the page holds them."""
    sent = sent_by(page)
    return {"base": sent["base"], "write_id": sent["write_id"]}


def fresh(base="") -> dict[str, str]:
    return {"base": base, "write_id": str(uuid4())}
