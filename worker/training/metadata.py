"""The header of a kohya file: what other programs read of a LoRA, and no path or private caption.

It holds no time and no random id, so that the same training twice makes the same file.
"""

import json
from collections import Counter
from dataclasses import dataclass

from core.offerings.dreambooth import name_subject
from core.offerings.records import Sampler, TrainingSpec
from worker.base_models import FAMILIES
from worker.training.images import Picture
from worker.training.settings import Settings


@dataclass(frozen=True)
class Facts:
    """What the header tells of a training."""

    spec: TrainingSpec
    settings: Settings
    pictures: tuple[Picture, ...]
    """Those that were trained on."""
    held_out: int
    step: int
    batches_per_epoch: int
    dataset_digest: str
    acceleration_sha256: str = ""

    @property
    def sampler(self) -> Sampler | None:
        """How a few-step model is sampled, with the hash of the acceleration LoRA that was there."""
        sampler = self.spec.sampler
        if sampler is None:
            return None
        return sampler.model_copy(update={"acceleration_sha256": self.acceleration_sha256})

    @property
    def epoch(self) -> int:
        """The epoch that the last step fell into, counted from 1."""
        batches = self.step * self.settings.gradient_accumulation_steps
        return -(-batches // max(1, self.batches_per_epoch))


def write_metadata(facts: Facts) -> dict[str, str]:
    """Write the header; every value is a string.

    Source: the metadata of kohya's train_network.py; Stability AI's model specification 1.0.1.
    """
    told = {**_tell_run(facts), **_tell_settings(facts.settings), **_tell_dataset(facts)}
    told |= {**_tell_modelspec(facts), **_tell_sampler(facts)}
    if facts.spec.start is not None:
        told["trainyard.started_from_sha256"] = facts.spec.start.sha256
    return {name: _to_text(value) for name, value in told.items()}


def _to_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _tell_run(facts: Facts) -> dict[str, object]:
    spec, settings = facts.spec, facts.settings
    return {
        "ss_base_model_version": FAMILIES[spec.base_model.family].ss_base_model_version,
        "ss_v2": "False",
        "ss_network_module": "networks.lora",
        "ss_network_dim": settings.rank,
        "ss_network_alpha": settings.network_alpha,
        "ss_network_dropout": settings.network_dropout or None,
        "ss_network_args": {"target_modules": settings.target_modules},
        "ss_output_name": spec.trigger_words[0],
        "ss_sd_model_name": spec.base_model.id,
        "ss_training_comment": f"Trainyard {spec.offering}, dataset {facts.dataset_digest[:16]}",
        "ss_seed": settings.seed,
        "ss_steps": facts.step,
        "ss_max_train_steps": settings.steps,
        "ss_epoch": facts.epoch,
        "ss_num_epochs": settings.epochs or facts.epoch,
        "ss_num_batches_per_epoch": facts.batches_per_epoch,
    }


def _tell_settings(settings: Settings) -> dict[str, object]:
    text_rate = settings.text_encoder_learning_rate if settings.train_text_encoder else None
    return {
        "ss_learning_rate": settings.learning_rate,
        "ss_unet_lr": settings.learning_rate,
        "ss_text_encoder_lr": text_rate,
        "ss_lr_scheduler": settings.lr_scheduler,
        "ss_lr_warmup_steps": settings.lr_warmup_steps,
        "ss_optimizer": f"{settings.optimizer}(weight_decay={settings.weight_decay})",
        "ss_gradient_accumulation_steps": settings.gradient_accumulation_steps,
        "ss_gradient_checkpointing": settings.gradient_checkpointing,
        "ss_mixed_precision": settings.mixed_precision,
        "ss_full_fp16": False,
        "ss_total_batch_size": settings.train_batch_size,
        "ss_batch_size_per_device": settings.train_batch_size,
        "ss_noise_offset": settings.noise_offset or None,
        "ss_min_snr_gamma": settings.min_snr_gamma or None,
        "ss_prior_loss_weight": settings.prior_loss_weight if settings.class_images else None,
        "ss_caption_dropout_rate": settings.caption_dropout,
        "ss_max_grad_norm": settings.max_grad_norm,
        "ss_loss_type": "l2",
        "ss_clip_skip": None,
        "ss_max_token_length": None,
        "ss_cache_latents": True,
        "ss_shuffle_caption": settings.shuffle_caption,
        "ss_keep_tokens": settings.keep_tokens,
        "ss_flip_aug": settings.flip,
        "ss_color_aug": False,
        "ss_random_crop": False,
        "ss_validation_split": settings.validation_share,
        "ss_validate_every_n_steps": settings.validation_every_steps,
        "ss_validation_seed": settings.seed,
    }


def _tell_dataset(facts: Facts) -> dict[str, object]:
    """Tell of counts and sizes; the only words are the trigger words, which are public anyway."""
    own = [picture for picture in facts.pictures if picture.is_own]
    side = facts.settings.resolution_px
    return {
        "ss_num_train_images": sum(p.repeats for p in own) * facts.settings.repeats,
        "ss_num_validation_images": facts.held_out,
        "ss_num_reg_images": sum(p.repeats for p in facts.pictures if not p.is_own),
        "ss_resolution": f"({side}, {side})",
        "ss_enable_bucket": True,
        "ss_bucket_no_upscale": False,
        "ss_min_bucket_reso": side // 2,
        "ss_max_bucket_reso": side * 2,
        "ss_bucket_info": tell_buckets(facts.pictures, facts.settings.repeats),
        "ss_dataset_dirs": {
            "dataset": {"n_repeats": facts.settings.repeats, "img_count": len(own)}
        },
        "ss_reg_dataset_dirs": {},
        "ss_tag_frequency": {"dataset": dict.fromkeys(facts.spec.trigger_words, len(own))},
    }


def tell_buckets(pictures: tuple[Picture, ...], repeats: int) -> dict[str, object]:
    """Tell how many pictures have which size, and how far their aspects are from it on average."""
    counts = Counter[tuple[int, int]]()
    for picture in pictures:
        counts[picture.bucket] += picture.repeats * repeats
    aspects = [(p.size[0] / p.size[1], p.bucket[0] / p.bucket[1]) for p in pictures]
    return {
        "buckets": {
            str(index): {"resolution": list(size), "count": count}
            for index, (size, count) in enumerate(sorted(counts.items()))
        },
        "mean_img_ar_error": sum(abs(a - b) for a, b in aspects) / max(1, len(aspects)),
    }


def _tell_modelspec(facts: Facts) -> dict[str, object]:
    spec, side = facts.spec, facts.settings.resolution_px
    family = FAMILIES[spec.base_model.family]
    return {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": family.modelspec_architecture,
        "modelspec.implementation": family.modelspec_implementation,
        "modelspec.title": spec.trigger_words[0],
        "modelspec.description": f"A LoRA for {spec.base_model.name}, trained with Trainyard.",
        "modelspec.trigger_phrase": ", ".join(spec.trigger_words),
        "modelspec.usage_hint": f"Use “{spec.trigger_words[0]}” in the prompt, at weight 1.",
        "modelspec.resolution": f"{side}x{side}",
        "modelspec.prediction_type": "epsilon",
        "modelspec.timestep_range": "0,999",
    }


def _tell_sampler(facts: Facts) -> dict[str, object]:
    """Tell how a few-step model is sampled, for programs and for people."""
    sampler = facts.sampler
    if sampler is None:
        return {}
    hint = f"Use “{facts.spec.trigger_words[0]}” in the prompt. {describe_sampler(sampler)}"
    return {"trainyard.sampler": sampler.model_dump(), "modelspec.usage_hint": hint}


def describe_sampler(sampler: Sampler) -> str:
    """Say in a sentence how a few-step model is sampled."""
    return (
        f"Over the acceleration LoRA {sampler.acceleration} at weight 1: DDIM with trailing timesteps, "
        f"{sampler.steps} steps, guidance {sampler.guidance_scale:g}."
    )


def write_whole_metadata(facts: Facts) -> dict[str, str]:
    """Write the header of a whole model: the same, without what only a LoRA has."""
    told = {k: v for k, v in write_metadata(facts).items() if not k.startswith("ss_network_")}
    family, spec = FAMILIES[facts.spec.base_model.family], facts.spec
    subject = name_subject(spec.trigger_words, spec.class_prompt)
    return told | {
        "modelspec.architecture": family.modelspec_architecture.removesuffix("/lora"),
        "modelspec.description": f"{spec.base_model.name}, its whole UNet trained with Trainyard.",
        "modelspec.usage_hint": f"Use “{subject}” in the prompt.",
        "modelspec.unet_dtype": "torch.float16",
    }
