"""The model card that goes with a LoRA: what it is, how to use it, and how it came to be."""

from core.offerings.dreambooth import name_subject
from worker.training.metadata import Facts, describe_sampler

_SHOWN = (
    "train_batch_size",
    "gradient_accumulation_steps",
    "learning_rate",
    "lr_scheduler",
    "optimizer",
    "rank",
    "network_alpha",
    "resolution_px",
    "seed",
)


def write_card(facts: Facts) -> str:
    """Write a card in Markdown, with the front matter that model hubs read; no caption is in it.

    Hashes and origin are added when the files are signed, see worker/signing.py.
    """
    spec, settings = facts.spec, facts.settings.model_dump()
    trigger = spec.trigger_words[0]
    rows = "\n".join(f"| {name} | {settings[name]} |" for name in _SHOWN)
    triggers = ", ".join(f"`{word}`" for word in spec.trigger_words)
    return f"""---
library_name: diffusers
pipeline_tag: text-to-image
tags: [lora, diffusers, text-to-image, {spec.base_model.family}]
instance_prompt: "{trigger}"
---
# {trigger}

A LoRA for {spec.base_model.name}, trained with Trainyard on {len(facts.pictures)} pictures
in {facts.step} steps. Trigger words: {triggers}.

Put `lora.safetensors` where your program keeps LoRAs, write a trigger word into the prompt, and
start at weight 1. With diffusers:

```python
pipeline.load_lora_weights(".", weight_name="lora-diffusers.safetensors")
```
{_write_sampler(facts)}
| setting | value |
|---|---|
{rows}
"""


def _write_sampler(facts: Facts) -> str:
    """Write how a few-step model is sampled; nothing for others."""
    sampler = facts.sampler
    if sampler is None:
        return ""
    return f"""
## In {sampler.steps} steps
{describe_sampler(sampler)}
It was trained over that LoRA (`{sampler.acceleration_source}`, SHA-256 `{sampler.acceleration_sha256}`)
and belongs on top of it:

```python
pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, timestep_spacing="trailing")
pipeline(prompt, num_inference_steps={sampler.steps}, guidance_scale={sampler.guidance_scale:g})
```
"""


def write_whole_card(facts: Facts, file_name: str) -> str:
    """Write the card of a whole model; no caption is in it."""
    spec, settings = facts.spec, facts.settings.model_dump()
    subject = name_subject(spec.trigger_words, spec.class_prompt)
    shown = [name for name in _SHOWN if name not in ("rank", "network_alpha")]
    rows = "\n".join(f"| {name} | {settings[name]} |" for name in shown)
    return f"""---
library_name: diffusers
pipeline_tag: text-to-image
tags: [dreambooth, diffusers, text-to-image, {spec.base_model.family}]
instance_prompt: "{subject}"
---
# {spec.trigger_words[0]}

{spec.base_model.name} with its whole UNet trained by Trainyard's DreamBooth on
{sum(picture.is_own for picture in facts.pictures)} pictures in {facts.step} steps. Write “{subject}” into the prompt.

`{file_name}` is the complete model; put it where your program keeps checkpoints. With diffusers, put
`config.json` and `diffusion_pytorch_model.safetensors` into a folder `unet`, and over a pipeline of the base model:

```python
pipeline.unet = UNet2DConditionModel.from_pretrained("unet")
```

| setting | value |
|---|---|
{rows}
"""
