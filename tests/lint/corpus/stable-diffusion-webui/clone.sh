set -Eeuox pipefail
mkdir -p /repositories/"$1"
