#!/bin/sh
# Makes production.env and services.env from their examples, with new passwords; keeps what is there.
#   sh config/deploy/new-secrets.sh https://yard.example
set -eu
cd "$(dirname "$0")"
umask 077
public_url=${1:?the address that people will reach, https://…}
for name in production services; do
    if [ -e "$name.env" ]; then
        echo "$name.env is there already; nothing was changed." >&2
        exit 1
    fi
done

new() { od -An -vtx1 -N"$1" /dev/urandom | tr -d ' \n'; }
mongo=$(new 16) redis=$(new 16) minio=$(new 16)

sed -e "s|trainyard:change-me@|trainyard:$mongo@|" -e "s|:change-me@redis|:$redis@redis|" \
    -e "s|S3_SECRET_KEY=.*|S3_SECRET_KEY=$minio|" -e "s|SIGNING_KEY=.*|SIGNING_KEY=$(new 32)|" \
    -e "s|PUBLIC_URL=.*|PUBLIC_URL=$public_url|" production.env.example >production.env
sed -e "s|MONGO_INITDB_ROOT_PASSWORD=.*|MONGO_INITDB_ROOT_PASSWORD=$(new 16)|" \
    -e "s|MINIO_ROOT_PASSWORD=.*|MINIO_ROOT_PASSWORD=$(new 16)|" -e "s|MONGO_KEY=.*|MONGO_KEY=$(new 64)|" \
    -e "s|MONGO_TRAINYARD_PASSWORD=.*|MONGO_TRAINYARD_PASSWORD=$mongo|" \
    -e "s|REDIS_PASSWORD=.*|REDIS_PASSWORD=$redis|" \
    -e "s|MINIO_TRAINYARD_PASSWORD=.*|MINIO_TRAINYARD_PASSWORD=$minio|" services.env.example >services.env
echo "production.env and services.env are made. Keep a copy of TRAINYARD_SIGNING_KEY in a safe place."
