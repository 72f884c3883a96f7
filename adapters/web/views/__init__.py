"""What the API shows and takes: the public models, a module a noun; nothing that is not named here gets out."""
