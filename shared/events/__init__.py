"""All events, and the decisions of rules; domains import it as ``events``."""

from shared.events.base import *
from shared.events.commands import *
from shared.events.complaints import *
from shared.events.decision import *
from shared.events.envelope import Event as Event
from shared.events.faults import UnreadableEvent as UnreadableEvent
from shared.events.faults import attachment_reasons as attachment_reasons
from shared.events.faults import violation as violation
from shared.events.links import *
from shared.events.notifications import *
from shared.events.privacy.reporters import *
from shared.events.privacy.security import *
from shared.events.refusals import *
from shared.events.sla import *
from shared.events.status import *
from shared.events.tickets import *
