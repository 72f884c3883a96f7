#!/bin/sh
# Makes the private bucket and the user that may use this bucket alone; may be run again.
set -eu
mc alias set yard http://minio:9000 "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD"
mc mb --ignore-existing yard/trainyard
mc anonymous set none yard/trainyard
mc admin user add yard trainyard "$MINIO_TRAINYARD_PASSWORD"
mc admin policy create yard trainyard /init/minio-policy.json
mc admin policy attach yard trainyard --user trainyard || true # it was attached before
