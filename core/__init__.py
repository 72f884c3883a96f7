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
family         base models with one architecture: tiny, sd15, sdxl
quote          what a training costs: formula version, inputs and points
job            a piece of work for a worker: train, generate or caption
lease          a worker's claim on a job, ended by a time; its token fences every write
attempt        one claim of a job; it writes below its own prefix
checkpoint     a save during training from which another attempt can go on
artifact       a file that a job made
model          what a training yields: weights with trigger words, samples and provenance
trigger_word   the word or phrase that brings a model into a prompt
class_prompt   what a DreamBooth subject is one of: "a dog"
class_image    a picture of the class, drawn by the base model itself, that keeps it from forgetting the class
points         the integer currency
entry          one posting in the ledger; its legs sum to zero
hold           points set aside for a job until it settles
settle         the one posting that ends a hold: charge what was used, return the rest
notification   something a person should hear, kept in the outbox until delivered
"""
