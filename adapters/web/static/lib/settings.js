/** The settings of an offering in words: label, unit, group; an operator's own setting is named by its name. */

import { getLanguage, mark, say } from "./words.js";

/** Groups in their order, each with its settings; the first is what most people look at, the rest is folded. */
const GROUPS = [
  [
    mark("The usual"),
    {
      steps: [mark("Steps")],
      epochs: [mark("Epochs")],
      learning_rate: [mark("Learning rate")],
      rank: [mark("Rank")],
      resolution_px: [mark("Resolution"), "px"],
      train_batch_size: [mark("Batch size"), mark("pictures")],
      class_images: [mark("Class images"), mark("pictures")],
      flip: [mark("Mirrored pictures too")],
      sample_every_steps: [mark("Samples every"), mark("steps")],
    },
  ],
  [
    mark("Pictures and captions"),
    {
      repeats: [mark("Repeats")],
      caption_dropout: [mark("Caption dropout")],
      shuffle_caption: [mark("Shuffle tags")],
      keep_tokens: [mark("Tags that stay first")],
    },
  ],
  [
    mark("Learning"),
    {
      lr_scheduler: [mark("Learning rate schedule")],
      lr_warmup_steps: [mark("Warm-up"), mark("steps")],
      lr_cycles: [mark("Restarts")],
      optimizer: [mark("Optimiser")],
      weight_decay: [mark("Weight decay")],
      gradient_accumulation_steps: [mark("Gradient accumulation"), mark("batches")],
      max_grad_norm: [mark("Longest gradient")],
      min_snr_gamma: [mark("Min-SNR gamma")],
      noise_offset: [mark("Noise offset")],
      prior_loss_weight: [mark("Weight of class images")],
    },
  ],
  [
    mark("What is trained"),
    {
      network_alpha: [mark("Alpha")],
      network_dropout: [mark("LoRA dropout")],
      target_modules: [mark("Layers")],
      train_text_encoder: [mark("Train the text encoder too")],
      text_encoder_learning_rate: [mark("Learning rate of the text encoder")],
    },
  ],
  [
    mark("Checking on the way"),
    {
      validation_share: [mark("Share of pictures kept out")],
      validation_every_steps: [mark("Measured every"), mark("steps")],
      early_stop_patience: [mark("Early stop after"), mark("measurements")],
    },
  ],
  [
    mark("Machine"),
    {
      gradient_checkpointing: [mark("Gradient checkpointing")],
      mixed_precision: [mark("Precision")],
      seed: [mark("Seed")],
    },
  ],
];
const WORDS = Object.assign({}, ...GROUPS.map(([, settings]) => settings));

/** Name a setting. */
export function nameSetting(name) {
  const known = WORDS[name];
  return known ? say(known[0]) : name.replace(/_/g, " ");
}

/** Name a setting's unit, or nothing. */
export const nameUnit = (name) => (WORDS[name]?.[1] ? say(WORDS[name][1]) : "");

/** Sort an offering's settings into groups: [title, params], the usual first; empty ones are left out. */
export function groupSettings(params) {
  const groups = GROUPS.map(([title, settings]) => [
    say(title),
    Object.keys(settings)
      .map((name) => params.find((param) => param.name === name))
      .filter(Boolean),
  ]);
  groups.push([say("Other settings"), params.filter((param) => !WORDS[param.name])]);
  return groups.filter(([, found]) => found.length);
}

/** Write a setting's value. */
export function showValue(value) {
  if (typeof value === "boolean") return value ? say("yes") : say("no");
  if (typeof value !== "number") return value;
  return new Intl.NumberFormat(getLanguage(), { maximumSignificantDigits: 10, useGrouping: false }).format(
    value,
  );
}

/** Say what is wrong with a number out of its bounds; nothing when all is well. */
export function checkNumber({ kind, min, max }, value) {
  const bounds = { least: showValue(min), most: showValue(max) };
  if (value === null || Number.isNaN(value)) return say("A number from {least} to {most}.", bounds);
  if (kind === "int" && !Number.isInteger(value))
    return say("A whole number from {least} to {most}.", bounds);
  if (value < min || value > max) return say("A number from {least} to {most}.", bounds);
  return "";
}
