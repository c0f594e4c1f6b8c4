"""Addresses as people mistype them, forms mangle them, and somebody tries them on."""

MISTYPED = (
    "a..b@example.org",
    "warga.@example.org",
    ".warga@example.org",
    "warga@@example.org",
    "warga@",
    "@example.org",
    "warga@example",
    "warga@example..org",
    "warga@example.org.",
    "warga example@example.org",
    " warga@example.org",
    '"warga"@example.org',
    "Warga <warga@example.org>",
    "warga@[127.0.0.1]",
    "warga(rumah)@example.org",
    "wärga@example.org",
    "warga@exämple.org",
    "warga@example.org\r\nBcc: lain@example.org",
    "warga@example.org>\r\nRCPT TO:<lain@example.org",
    "warga\t@example.org",
    "warga@example.org\x7f",
    "=?utf-8?q?=0D=0ABcc:_lain?=@example.org",
    "0812-3456-7890",
    f"{'w' * 242}@example.org",
)
# Of these, intake takes the white space away from one, and flags what only few relays can deliver; it refuses the rest.
TRIMMED_BY_INTAKE = (" warga@example.org",)
FLAGGED_BY_INTAKE = ("wärga@example.org", "warga@exämple.org")
HIDDEN_OR_TOO_LONG = (f"{'w' * 288}@example.org", "warga\x00@example.org", "warga\u202e@example.org")
