#!/bin/sh
# Creates our namespace and its search attributes; safe to run again.
# The CLI reads TEMPORAL_ADDRESS by itself, but not every command reads TEMPORAL_NAMESPACE. Retention counts from the end of a conversation.
set -eu

# Operators see these in clear: no codec covers them, so nothing personal may join the list.
ATTRIBUTES="
HoldfastTenant=Keyword
HoldfastCustomer=Keyword
HoldfastIntent=Keyword
HoldfastStage=Keyword
HoldfastOwner=Keyword
HoldfastNeedsHuman=Bool
HoldfastPolicyVersion=Keyword
HoldfastRefundCents=Int
"

# A server answers on its port before it knows its own namespaces, and a new namespace takes seconds to be seen.
patiently() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 2
  done
  "$@"
}

patiently temporal operator cluster health
if ! temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$HOLDFAST_RETENTION"
fi
patiently temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"

known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")
for attribute in $ATTRIBUTES; do
  name=${attribute%%=*}
  if ! echo "$known" | grep -qw "$name"; then
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type "${attribute#*=}"
  fi
done
