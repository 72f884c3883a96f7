"""The studio: what Trainyard is, knowing nothing of who asks or where things are kept.

The vocabulary, one line a word:

account        one person on every platform; has points, datasets, jobs and models
identity       an account's name on one platform: (platform, external id)
principal      the account and scopes on whose behalf a call is made
dataset        an ordered collection of items that somebody wants to train on
item           one image of a dataset with its captions and its contributor
caption        the text that describes an item, in a named caption set
snapshot       the frozen (sha256, caption) list of a dataset that a job trains on, and its digest
report         the free health check of a dataset, with steps and price for each offering
offering       a kind of training that can be bought: method, base models, bounds, price
base_model     the pretrained model that a training starts from; it belongs to a family
acceleration   a frozen LoRA with which a base model draws in a few steps; a hyper-lora is trained over it
sampler        how a few-step model is sampled: scheduler, steps, guidance, acceleration
family         base models with one architecture: tiny, sd15, sdxl
quote          what a training costs: formula version, inputs and points
job            a piece of work for a worker: train, generate or caption
generation     a job that draws pictures of a prompt, with LoRAs
picture        what a generation draws; the n-th has the generation's seed + n
auto_caption   a job in which a model writes captions for a dataset, into a caption set of their own
worker         a process that does jobs; its record says what it has and takes, and expires when it is silent
fleet          all workers
obstacle       why no worker that is up can take a job; its owner is told
lease          a worker's claim on a job, ended by a time; its token fences every write
slot           one of the places in which an account's jobs run; as many as its cap
attempt        one claim of a job; it writes below its own prefix
checkpoint     a save during training from which another attempt can go on
artifact       a file that a job made
model          what a training yields: weights with trigger words, samples and provenance
start          an earlier LoRA of one's own that a training goes on from
statement      what the instance signs of a weights file: what it was made from and what it holds
trigger_word   the word or phrase that brings a model into a prompt
slug           a model's readable name in addresses and in `<lora:slug:weight>`; it redirects when it changes
name claim     the record by which one model has a slug or a public trigger word, and no other
skeleton       what a word looks like: words with one skeleton can be taken for one another
trigger map    what prompts bring in, as each process keeps it in memory; versioned by one small record
resolution     a prompt's meaning: the text to draw from, models with weights, warnings
share          one payee's part of what a model earns, in basis points
favourite      a model that somebody likes; an unlisted one then comes by its words, too
class_prompt   what a DreamBooth subject is one of: "a dog"
class_image    a picture of the class, drawn by the base model itself, that keeps it from forgetting the class
points         the integer currency
entry          one posting in the ledger; its legs sum to zero
hold           points set aside for a job until it settles
refusal        the posting that takes a hold's place for good, so that its submission can be given up
settle         the one posting that ends a hold: charge what was used, return the rest
stop           present while the ledger was found wrong: nothing is held, everything can be read
package        so many points for so much money
invoice        an offer of a package to one account; expires
payment        money that came in for an invoice, once for each charge; it can be paid back once
notification   something a person should hear, kept in the outbox until delivered
draft          a half-answered command, kept until the person goes on
receipt        what a platform sent, kept until it is answered, so that nothing is lost or taken twice
shortcut       what a button stands for when it does not fit into the button
login_link     a one-time address that signs somebody in on the web
session        a browser in which somebody is signed in
link           a one-time code, shown on one platform and typed on another, that proves one person
merge          one account being taken over by another; the one that goes redirects to it
transfer       points that one member gives to another
cap            the most that somebody wants to spend in a day or a month, by their own will
clearing       where points are between the two entries of one move or transfer
"""
