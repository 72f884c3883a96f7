"""The document: valid, complete, and true to what the server does."""

from openapi_spec_validator import OpenAPIV31SpecValidator

from adapters.web.app import list_operations
from adapters.web.routing import PREFIX, Call, Routes
from adapters.web.views.common import Listing, View
from core.accounts.records import Scope
from core.studio import Studio
from tests.adapters.web.conftest import Api, Json, World, meet_admin, sign_in


async def test_the_document_is_valid_and_open(nobody: Api) -> None:
    document = await nobody.json("GET", "/openapi.json")
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


async def test_every_route_is_in_the_document_and_every_path_is_a_route(nobody: Api) -> None:
    document = await nobody.json("GET", "/openapi.json")
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    app = nobody.client.app
    assert app is not None
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None
        and route.method != "HEAD"
        and route.resource.canonical.startswith(PREFIX)
    }
    assert described == served
    assert described == {(o.method, PREFIX + o.path) for o in list_operations()}


async def test_each_operation_says_what_it_needs_and_how_it_can_fail(nobody: Api) -> None:
    document = await nobody.json("GET", "/openapi.json")
    submit = document["paths"]["/api/v1/trainings"]["post"]
    assert submit["security"] == [{"bearer": ["spend"]}, {"session": []}]
    assert {"201", "401", "402", "403", "404", "409", "413", "422", "429", "503"} <= set(
        submit["responses"]
    )
    assert [p["name"] for p in submit["parameters"]] == ["X-CSRF-Token", "Idempotency-Key"]
    assert "application/problem+json" in submit["responses"]["402"]["content"]
    assert "requestBody" in document["paths"]["/api/v1/datasets/{dataset_id}/images"]["post"]
    for item in document["paths"].values():
        for operation in item.values():
            assert operation["summary"].endswith((".", ":")), operation["operationId"]
            assert len(operation["summary"]) < 120


async def test_answers_have_the_fields_that_the_document_promises(
    ada: Api, studio: Studio, world: World
) -> None:
    browser = await sign_in(ada, studio)
    root = await meet_admin(ada.client, studio)
    document = await ada.json("GET", "/openapi.json")
    checked = 0
    for operation in list_operations():
        if operation.method != "GET" or operation.answer is None:
            continue
        asking = root if operation.scope is Scope.ADMIN else browser
        answer = await asking.json("GET", world.fill(operation.path))
        node = document["paths"][PREFIX + operation.path]["get"]
        schema = node["responses"]["200"]["content"]["application/json"]["schema"]
        assert set(answer) == set(resolve(document, schema)["properties"]), operation.name
        checked += 1
    assert checked > 14


def resolve(document: Json, schema: Json) -> Json:
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]


def test_a_handler_that_disagrees_with_its_path_is_found_when_it_is_declared() -> None:
    routes = Routes("test")

    async def handler(call: Call, other: str) -> View:
        return Listing[View](items=())

    try:
        routes.get("/things/{thing_id}")(handler)
    except TypeError as error:
        assert "other" in str(error) and "thing_id" in str(error)
    else:
        raise AssertionError("the disagreement was not found")
