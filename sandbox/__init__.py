"""The stand-in shop: orders, money, parcels, fraud scores, outbox and helpdesk behind HTTP.

For development and chaos tests. It speaks `docs/shop-api.md`; it imports no other room and no other room imports it.
"""
