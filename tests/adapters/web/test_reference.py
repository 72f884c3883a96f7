"""The reference as a page: all of the document, in HTML that is closed, without a script."""

from html.parser import HTMLParser

from tests.adapters.web.conftest import Api

VOID = {"meta", "link", "wbr", "br"}


class Reader(HTMLParser):
    """Checks that tags are closed in order, and gathers anchors and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        found = dict(attrs)
        assert not {"style", "onclick"} & set(found)
        self.anchors += [str(found["id"])] if "id" in found else []
        self.links += [str(found["href"])] if "href" in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_the_page_has_every_operation_and_every_link_leads_somewhere(nobody: Api) -> None:
    answer = await nobody.client.get("/reference")
    text = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Encoding"] == "gzip"
    reader = Reader()
    reader.feed(text)
    assert reader.open == [] and "script" not in reader.tags
    document = await nobody.json("GET", "/openapi.json")
    names = [o["operationId"] for item in document["paths"].values() for o in item.values()]
    assert {*names} <= {*reader.anchors}
    assert len(reader.anchors) == len({*reader.anchors})
    inner = {link[1:] for link in reader.links if link.startswith("#")}
    assert len(inner) > 100 and inner <= {*reader.anchors}
    for link in {link for link in reader.links if link.startswith("/")}:
        assert (await nobody.client.get(link)).status == 200, link
