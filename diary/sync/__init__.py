"""The phone's outbox: writes that were made offline arrive here, once each, whatever happened on the way."""
