"""An address book in memory, by the rules of the real one."""

from datetime import datetime

from services.notify.domain.sending.addresses import (
    AddressLimits,
    AddressRecord,
    Admission,
    AdmissionRequest,
    admit,
    mailbox_of,
)


class MemoryAddressBook:
    """Remembers addresses for as long as it lives; raises *fault* once if there is one."""

    def __init__(self, limits: AddressLimits, fault: Exception | None = None) -> None:
        self.limits = limits
        self.fault = fault
        self.records: dict[str, AddressRecord] = {}

    async def admit(self, address: str, request: AdmissionRequest, now: datetime) -> Admission:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        mailbox = mailbox_of(address)
        known = self.records.get(mailbox, AddressRecord())
        self.records[mailbox], admission = admit(known, request, self.limits, now)
        return admission
