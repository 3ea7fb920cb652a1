"""Private DNS: the zone of privatelink names and its link to the provider's network."""

from __future__ import annotations

from activities.arm import Resource, not_ours

KINDS = {
    "private_dns_zone": Resource(lambda cloud: cloud.private_dns.private_zones),
    # In a zone that exists, the link is removed by itself, beside those of others.
    "dns_zone_link": Resource(lambda cloud: cloud.private_dns.virtual_network_links, allowed=not_ours),
}
