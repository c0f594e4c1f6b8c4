"""The catalogue of metrics. No label names a ticket or a person."""

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("tindak_records_total", "Records handled and committed.", ["service"])
BATCH_SECONDS = Histogram(
    "tindak_batch_seconds",
    "From reading a batch to its commit.",
    ["service"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
DEAD_LETTERS = Counter("tindak_dead_letters_total", "Records that could not be handled.", ["service", "reason"])
DOCUMENTS_QUARANTINED = Gauge(
    "tindak_documents_aside", "Documents that are left alone until somebody has looked.", ["service", "reason"]
)
LAG_RECORDS = Gauge("tindak_lag_records", "Records that wait to be read.", ["service", "topic", "partition"])
DEFERRED_RECORDS = Gauge(
    "tindak_deferred_records",
    "Records that wait on the broker because their sender sends more than its rate, or than is handled behind us.",
    ["service", "sender"],
)
HELD_EVENTS = Gauge(
    "tindak_held_events", "Events that wait for a topic that is missing or does not take them.", ["service", "topic"]
)
CLOCK_SKEW_SECONDS = Gauge(
    "tindak_clock_skew_seconds", "How far a server's clock is ahead of this machine's.", ["service", "server"]
)
TROUBLE = Gauge("tindak_trouble", "1 while broker or database are out of reach.", ["service"])
LOOP_SUCCEEDED_AT = Gauge(
    "tindak_loop_last_success_timestamp_seconds", "When a round of a loop last ended well.", ["service", "loop"]
)
PARTITION_AT_FAULT = Gauge(
    "tindak_partition_at_fault_offset",
    "Offset at which a partition stands because it cannot be read; -1 once it is read again.",
    ["service", "topic", "partition", "error"],
)
QUARANTINED = Counter(
    "tindak_set_aside_total", "Batches that could not be unpacked.", ["service", "topic", "partition", "error"]
)
CLOCKS_ENDED = Counter("tindak_clocks_ended_total", "Clocks that ended, by how.", ["clock", "outcome"])
BREACH_LATENESS_SECONDS = Histogram(
    "tindak_breach_lateness_seconds",
    "From the due time of a clock until its breach was said.",
    ["clock"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86400),
)
FORGED_SOURCES = Counter(
    "tindak_forged_sources_total", "Events that claim to come from somebody else than their topic's owner.",
    ["service", "topic"],
)  # fmt: skip
COMPLAINTS = Counter(
    "tindak_complaints_total",
    "Submissions by registered channel and by answer: accepted, repeated, or the first code of the refusal.",
    ["channel", "outcome"],
)
ROUTED = Counter("tindak_routed_total", "Decisions on who has a ticket, triage included.", ["agency", "decided_by"])
UPDATES_REFUSED = Counter("tindak_updates_refused_total", "Updates from which nothing follows.", ["code"])
NOTICES = Counter(
    "tindak_notices_total", "Notices that were sent, failed or were suppressed.", ["agency", "channel", "outcome"]
)
PAGES = Counter(
    "tindak_pages_total", "Pages of links that were asked for, and forms sent from them, by what came of it.",
    ["page", "outcome"],
)  # fmt: skip
GATEWAY_OUTCOMES = Counter(
    "tindak_gateway_messages_total",
    "Messages given to a gateway, by what became of them; `unasked` if it was left alone or had too much to do.",
    ["gateway", "outcome"],
)
GATEWAY_SECONDS = Histogram(
    "tindak_gateway_seconds",
    "From giving a message to a gateway to its answer.",
    ["gateway"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
GATEWAY_BREAKER = Gauge(
    "tindak_gateway_breaker", "0 while a gateway is used, 1 while one message tries it, 2 while it is left alone.",
    ["gateway"],
)  # fmt: skip
GATEWAY_SHARE = Gauge("tindak_gateway_share_points", "A gateway's share of its channel's messages.", ["gateway"])
NOTICES_POSTPONED = Counter(
    "tindak_notices_postponed_total", "Notices that wait until there is room for them at their address.", ["why"]
)
RECEIPTS = Counter(
    "tindak_receipts_total",
    "What gateways said of messages: delivered, failed, ignored, or why nothing follows from it.",
    ["gateway", "outcome"],
)
NOTICE_ATTEMPTS = Counter(
    "tindak_notice_attempts_total",
    "Attempts to send a notice: delivered, refused, deferred, unasked (its gateway is left alone or too busy),"
    " withheld (there is no way) or untried (no time is left).",
    ["channel", "outcome"],
)
DIGESTS = Counter("tindak_digests_total", "Digests by agency: sent, failed, or suppressed.", ["agency", "outcome"])
OLDEST_DUE_SECONDS = Gauge(
    "tindak_notices_oldest_due_seconds", "Since when the notice that has been due longest waits; 0 if none is due."
)
POLICY_BROKEN = Gauge(
    "tindak_policy_broken", "1 while the policy's files cannot be used and the last holds.", ["service"]
)
SHADOW = Counter(
    "tindak_shadow_total", "New tickets by what the shadow policy would have done about them.", ["outcome"]
)
