"""Rules about the images that services run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.compose.images import report_of
from mlbox.lint.references import CODENAMES, reference
from mlbox.lint.rule import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlbox.lint.compose.model import Compose, Service
    from mlbox.lint.compose.nodes import Node
    from mlbox.lint.references import Reference

# Of Docker's official images (github.com/docker-library/official-images), those that stand beside
# others in compose files. A bare name that is not among them may be an image that was built here.
_OFFICIAL = frozenset(
    {
        "adminer", "alpine", "amazonlinux", "arangodb", "bash", "busybox", "caddy", "cassandra",
        "centos", "chronograf", "clickhouse", "consul", "couchbase", "couchdb", "debian", "docker",
        "drupal", "eclipse-mosquitto", "eclipse-temurin", "elasticsearch", "fedora", "flink",
        "fluentd", "ghost", "gitea", "golang", "gradle", "grafana", "haproxy", "httpd", "influxdb",
        "java", "joomla", "jruby", "julia", "kapacitor", "kibana", "kong", "logstash", "mariadb",
        "matomo", "maven", "mediawiki", "memcached", "mongo", "mongo-express", "mysql", "nats",
        "neo4j", "nextcloud", "nginx", "node", "openjdk", "orientdb", "percona", "perl", "php",
        "postgres", "pypy", "python", "r-base", "rabbitmq", "redis", "redmine", "registry",
        "rethinkdb", "rockylinux", "ruby", "rust", "sentry", "solr", "sonarqube", "spark", "storm",
        "swift", "telegraf", "tomcat", "traefik", "ubuntu", "unit", "varnish", "vault", "wordpress",
        "zookeeper",
    }
)  # fmt: skip


def unpinned(compose: Compose) -> Iterator[Hit]:
    """An image that is another one tomorrow."""
    made = {each.image.raw for each in compose.services if each.image and each.build}
    told: set[int] = set()
    for service in compose.services:
        image = service.image
        if image is None or not image.text or not image.is_fixed or id(image) in told:
            continue
        if image.raw in made or "@" in image.text:
            continue  # made here, or the same bytes always
        if service.node.scalar("pull_policy") in ("never", "build"):
            continue
        told.add(id(image))  # services may have it by an anchor
        yield from _moving(service, image, image.text, compose)


def _moving(service: Service, image: Node, text: str, compose: Compose) -> Iterator[Hit]:
    named = reference(text)
    report = report_of(text, compose.facts)
    if report is None:
        return
    known = report.status == "moving" or report.exists is False
    official = named.is_hub(*_OFFICIAL)
    if not (named.moves or known or (official and not _is_version(named))):
        return
    public = official or (not named.registry and report.exists is not None)
    if report.exists is False:
        what = f"There is no image {named.path}:{named.tag or 'latest'}."
        fix = f"Name one that exists{f': {report.instead}' if report.instead else ''}."
        why = next((item.why for item in report.findings if item.severity == "error"), "")
    else:
        tag = f"the tag {named.tag}" if named.tag else "no tag, which means latest"
        what = f"The image {text} of the service {service.name!r} has {tag}."
        why = "It is another image after every release, and a run cannot be repeated with it."
        fix = "Name a release, best with its digest: IMAGE:TAG@sha256:..."
    known_public = public or report.status == "moving"
    yield Hit(
        image.location,
        what=what,
        why=why,
        fix=fix,
        severity=None if known_public else "info",
        confidence="high" if known_public else "medium",
        dated=known,
    )


def _is_version(named: Reference) -> bool:
    """Whether the tag of an official image says which release: ``alpine`` says none."""
    return bool(re.search(r"\d", named.tag or "")) or bool(set(named.tokens) & set(CODENAMES))
