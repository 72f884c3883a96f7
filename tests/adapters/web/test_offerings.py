"""Offerings and quotes."""

import pytest

from tests.adapters.web.conftest import Api, Json, wishes


async def test_offerings_are_listed_and_shown_with_their_bounds(ada: Api) -> None:
    listed = (await ada.json("GET", "/training-offerings"))["items"]
    tiny = await ada.json("GET", "/training-offerings/tiny-lora")
    assert tiny in listed
    steps = next(param for param in tiny["params"] if param["name"] == "steps")
    assert (steps["kind"], steps["min"], steps["max"]) == ("int", 10, 5000)
    problem = await ada.json("GET", "/training-offerings/huge-lora", 404)
    assert "tiny-lora" in problem["detail"]


async def test_a_quote_says_price_settings_and_whether_the_balance_covers_it(
    ada: Api, eve: Api, dataset: str
) -> None:
    body = {"params": {"steps": 100}, "dataset": dataset}
    quote = await ada.json("POST", "/training-offerings/tiny-lora/quote", json=body)
    assert quote["quote"]["points"] == 13 and quote["params"]["steps"] == 100
    assert (quote["balance_points"], quote["covered"]) == (1000, True)
    poor = await eve.json("POST", "/training-offerings/tiny-lora/quote", json={})
    assert (poor["balance_points"], poor["covered"]) == (0, False)
    assert (await ada.json("GET", "/points/balance"))["balance_points"] == 1000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"params": {"steps": 9}}, "steps is a number from 10 to 5000"),
        ({"params": {"steps": 100.5}}, "without a fraction"),
        ({"params": {"steps": "many"}}, "steps is a number"),
        ({"params": {"steps": 10**400}}, "steps"),
        ({"params": {"steps": []}}, "body.params.steps"),
        ({"params": {"price": 0}}, "has no setting"),
        ({"params": {"flip": 1}}, "true or false"),
        ({"params": {"lr_scheduler": "magic"}}, "one of"),
        ({"base_model": "sd-1.5"}, "trains on"),
    ],
)
async def test_a_quote_out_of_bounds_is_refused_in_words(ada: Api, body: Json, words: str) -> None:
    problem = await ada.json("POST", "/training-offerings/tiny-lora/quote", 422, json=body)
    assert words in problem["detail"]


async def test_a_dataset_that_is_too_small_for_the_offering_is_refused(
    ada: Api, dataset: str
) -> None:
    body = {"dataset": dataset}
    problem = await ada.json("POST", "/training-offerings/sd15-lora/quote", 422, json=body)
    assert "5 to 1000 images" in problem["detail"]


async def test_the_price_of_dreambooth_does_not_depend_on_its_class_prompt(
    ada: Api, dataset: str
) -> None:
    params = {"steps": 100, "train_batch_size": 2, "class_images": 30}
    quote = await ada.json("POST", "/training-offerings/dreambooth/quote", json={"params": params})
    points = 5 + (100 * 2 * 2 + 30 * 10) * 20 // 1000
    assert quote["quote"]["points"] == points
    assert quote["quote"]["inputs"]["class_image_steps"] == 10
    shown = await ada.json("GET", "/training-offerings/dreambooth")
    assert shown["takes_class_prompt"] and shown["output"] == "lora"
    body = wishes(dataset, offering="dreambooth", params=params, class_prompt="a cat")
    made = await ada.json("POST", "/trainings", 201, json=body, headers={"Idempotency-Key": "k"})
    assert made["quote"]["points"] == points
    assert made["spec"]["class_prompt"] == "a cat"
    assert made["spec"]["sample_prompts"] == ["a mycat cat"]


@pytest.mark.parametrize(
    ("offering", "class_prompt", "words"),
    [
        ("dreambooth", "", "needs a class prompt of at most 200 characters"),
        ("dreambooth", "a " * 101, "needs a class prompt of at most 200 characters"),
        ("dreambooth", "x" * 1001, "class_prompt"),
        ("tiny-lora", "a cat", "takes no class prompt"),
    ],
)
async def test_a_class_prompt_goes_with_dreambooth_and_nothing_else(
    offering: str, class_prompt: str, words: str, ada: Api, dataset: str
) -> None:
    body = wishes(dataset, offering=offering, class_prompt=class_prompt)
    headers = {"Idempotency-Key": "k"}
    problem = await ada.json("POST", "/trainings", 422, json=body, headers=headers)
    assert words in problem["detail"]
    assert (await ada.json("GET", "/points/balance"))["balance_points"] == 1000


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"params": {"steps": 9}}, "body.params.steps"),
        ({"params": {"epochs": 1000, "repeats": 50}}, "body.params.epochs"),
        ({"trigger_words": ["a:b"]}, "body.trigger_words"),
        ({"trigger_words": []}, "body.trigger_words"),
        ({"class_prompt": "a cat"}, "body.class_prompt"),
        ({"sample_prompts": ["x"] * 7}, "body.sample_prompts"),
        (
            {"params": {"steps": 5000, "sample_every_steps": 10}},
            "body.params.sample_every_steps",
        ),
    ],
)
async def test_a_refused_quote_names_the_field_that_is_wrong(
    changes: Json, where: str, ada: Api, dataset: str
) -> None:
    body = {"dataset": dataset, **changes}
    problem = await ada.json("POST", "/training-offerings/tiny-lora/quote", 422, json=body)
    assert problem["errors"] == [{"where": where, "what": problem["detail"]}]


async def test_offerings_are_explained_in_the_language_that_is_asked_for(ada: Api) -> None:
    shown = await ada.json(
        "GET", "/training-offerings/tiny-lora", headers={"Accept-Language": "de-AT"}
    )
    rank = next(param for param in shown["params"] if param["name"] == "rank")
    assert shown["summary"].startswith("Ein LoRA") and rank["help"].startswith("Größe des LoRAs")
    offers = await ada.json("GET", "/generation-offers", headers={"Accept-Language": "de"})
    assert "Breite" in offers["items"][0]["params"][0]["help"]
