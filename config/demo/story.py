"""The demo, told from top to bottom: a stranger's first hour with Trainyard in a few minutes."""

import asyncio
import logging
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console

from adapters.client import ClientError, Picture, TrainyardClient, connect
from adapters.client.models import NewDataset, NewTraining, QuoteRequest, TrainingView
from config.accounts import make_token
from config.demo import checks, figures, sheets
from config.demo.chapters import (
    Stage,
    tell_dreambooth,
    tell_hyper_lora,
)
from config.demo.conversation import write_conversation
from config.demo.ending import end_story
from config.demo.folder import read_folder
from config.demo.judging import judge
from config.demo.pictures import CONTROLS, TRIGGER_WORD, Pictures, draw_pictures
from config.demo.plan import Plan, choose_data_folder, make_settings
from config.demo.royalty import Scene, tell_royalty
from config.demo.screen import Screen
from config.demo.services import Services
from config.demo.waiting import wait_until_settled
from config.naming import name_program
from config.settings import Settings
from config.wiring import load_offerings
from core.errors import InvalidError, TrainyardError
from worker.findings import Evaluation

OFFERING, BASE_MODEL = "tiny-lora", "tiny-sd"
POINTS = 500
LOGS = "logs"


async def tell_story(plan: Plan, screen: Screen) -> figures.Summary:
    """Run the demo and return its figures. Raises TrainyardError or ClientError with a sentence for the person."""
    began_s = time.monotonic()
    screen.console.print("[bold]Trainyard[/bold]: teach an image model something it has never seen")
    pictures = prepare_pictures(plan, plan.out, screen)
    with choose_data_folder(plan) as data_folder:
        settings = make_settings(plan, data_folder)
        services = Services(settings, plan.out / LOGS)
        models = load_offerings(settings)
        base = models.get_base_model(models.get(OFFERING), BASE_MODEL)
        screen.begin_chapter("Trainyard starts: Redis, web server and worker")
        async with services, _meet(settings, services, screen) as person:
            stage = Stage(person, services, screen, base, plan.out)
            dataset = await services.run_beside(upload(person, plan, pictures, screen))
            points = (await person.get_balance()).balance_points
            training = await services.run_beside(train(person, dataset, plan, pictures, screen))
            bought = await services.run_beside(collect(person, training, plan.out, screen))
            checks.check_points(bought, points)
            screen.begin_chapter("What did it learn?")
            screen.say("Another process, with diffusers, loads the base model, and then the file …")
            params = training.spec.params
            found = await services.run_beside(judge(services, base, params, pictures, plan.out))
            show_results(found, bought, pictures, plan.out, screen)
            if plan.images is None:
                checks.check_learned(found)
            story_s = round(time.monotonic() - began_s, 1)
            booth = await services.run_beside(tell_dreambooth(stage, plan.dreambooth_params))
            usual = (pictures.prompts, found.prompts.after)
            hyper = await services.run_beside(
                tell_hyper_lora(stage, plan.hyper_params, dataset, *usual)
            )
            if plan.images is None:
                checks.check_four_steps(hyper.glance)
            scene = Scene(person, settings, services.url, screen, plan.out, pictures.prompts[4])
            royalty = await services.run_beside(tell_royalty(scene, training.model or ""))
    chapters = {"dreambooth": booth, "hyper-lora": hyper}
    took_s = round(time.monotonic() - began_s, 1)
    summary = figures.Summary(took_s=took_s, story_s=story_s, bought=bought, learned=found)
    end_story(summary, chapters, royalty, plan.out, screen)
    return summary


def prepare_pictures(plan: Plan, out: Path, screen: Screen) -> Pictures:
    """Draw or read the pictures, and put them into the output folder as files."""
    screen.begin_chapter("A dataset")
    if plan.images is None:
        pictures = draw_pictures()
        screen.say(
            f"Drew {len(pictures.training)} pictures of a little ghost, the “{TRIGGER_WORD}”."
        )
    else:
        gathered = read_folder(plan.images)
        pictures = gathered.pictures
        screen.say(f"Read {len(pictures.training)} pictures from {plan.images}.")
        for note in gathered.notes:
            screen.say(f"Note: {note}")
    screen.say(f"Kept {len(pictures.held_out)} more out of it, to measure with.")
    folder = out / "dataset"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for picture in (*pictures.training, *pictures.held_out):
        picture.image.save(folder / f"{picture.name}.png")
    sheets.save_contact_sheet(out / "dataset.png", pictures)
    write_conversation(out, pictures.training, plan.params, name_program())
    return pictures


@asynccontextmanager
async def _meet(
    settings: Settings, services: Services, screen: Screen
) -> AsyncIterator[TrainyardClient]:
    """Make an account as an operator does, and sign in as its owner."""
    token = await make_token(settings, "demo", points=POINTS)
    screen.say(f"Serving on {services.url}; a new account “demo” starts with {POINTS} points.")
    async with connect(services.url, token) as person:
        yield person


async def upload(person: TrainyardClient, plan: Plan, pictures: Pictures, screen: Screen) -> str:
    """Upload the pictures, look at the free report, and return the dataset's id."""
    screen.begin_chapter("Upload and health report")
    dataset = await person.create_dataset(
        NewDataset(name="Demo", description="What `trainyard demo` trains on.")
    )
    folder = plan.out / "dataset"
    files = [Picture(folder / f"{p.name}.png", p.caption) for p in pictures.training]
    for outcome in await person.upload_pictures(dataset.id, files):
        if outcome.outcome != "added":
            screen.say(f"{outcome.filename}: {outcome.detail or outcome.outcome}")
    figures.tell_report(await person.get_report(dataset.id), screen)
    return dataset.id


async def train(
    person: TrainyardClient, dataset: str, plan: Plan, pictures: Pictures, screen: Screen
) -> TrainingView:
    """Look at the price, submit, and follow until the training is settled."""
    screen.begin_chapter("Price and training")
    names = [offering.name for offering in (await person.list_offerings()).items]
    screen.say(f"On offer: {', '.join(names)}.")
    params = plan.params
    quote = await person.get_quote(OFFERING, QuoteRequest(params=params, dataset=dataset))
    screen.say(
        f"{params['steps']} steps cost {quote.quote.points} of {quote.balance_points} points."
    )
    if not quote.covered:
        raise InvalidError("These points do not cover it: `trainyard grant demo 500` adds some.")
    key = secrets.token_hex(16)
    order = NewTraining(
        dataset=dataset,
        offering=OFFERING,
        trigger_words=[TRIGGER_WORD],
        sample_prompts=pictures.prompts[:2],
        params=params,
    )
    training = await person.submit_training(order, key=key)
    again = await person.submit_training(order, key=key)
    checks.insist(again.id == training.id, "the same Idempotency-Key bought another training.")
    screen.say(f"Submitted as {training.id}.")
    screen.say("Sent again with the same Idempotency-Key: the same training, held once.")
    await screen.follow(person.follow_training(training.id))
    return await wait_until_settled(person.wait_for_training(training.id))


async def collect(
    person: TrainyardClient, training: TrainingView, out: Path, screen: Screen
) -> figures.Bought:
    """Hear the news, download the files, and read balance and statement."""
    if training.status != "completed" or training.model is None:
        reason = training.error.message if training.error else f"It was {training.status}."
        raise TrainyardError(f"The training did not succeed: {reason}")
    screen.begin_chapter("News, files and points")
    async for news in person.list_notifications():
        if news.data.get("training") == training.id:
            figures.tell_news(news, screen)
    model = await person.get_model(training.model)
    for file in model.files:
        await person.download_file(model.id, file.name, to=out / file.name)
        figures.check_download(out / file.name, file)
        screen.say(f"Downloaded {file.name}, {file.bytes / 1024:.0f} kB, SHA-256 as announced.")
    bought = figures.Bought(
        training=training,
        statement=tuple(await person.get_statement().collect()),
        balance_points=(await person.get_balance()).balance_points,
        losses=(await person.get_metrics(training.id)).points,
    )
    figures.show_points(bought, screen)
    return bought


def show_results(
    found: Evaluation, bought: figures.Bought, pictures: Pictures, out: Path, screen: Screen
) -> None:
    """Show the figures and save the sheets."""
    figures.show_learned(found, screen)
    sheets.save_before_after(out / "before-after.png", pictures, found, CONTROLS)
    sheets.save_loss_curve(out / "loss.png", bought.losses, found.held_out_training_loss)


def run_demo(plan: Plan) -> int:
    """Run the demo on the terminal and return the exit code; what goes wrong is told in a sentence."""
    logging.basicConfig(level=logging.WARNING)
    screen = Screen(Console(highlight=False))
    try:
        asyncio.run(tell_story(plan, screen))
    except KeyboardInterrupt:
        screen.say(f"Stopped; what was started is stopped too. The logs are in {plan.out / LOGS}.")
        return 130
    except (TrainyardError, ClientError) as error:
        screen.say(error.message)
        if (plan.out / LOGS).exists():
            screen.say(f"The logs are in {plan.out / LOGS}.")
        return 1
    return 0
