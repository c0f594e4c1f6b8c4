"""From a delivery to messages: who gets them, in which language, in which words; never sends one."""
