"""The whole of Azure that the app needs, on one machine.

host/      Azure Functions and Durable Functions host (SQLite)
azure/     ARM, Entra, IMDS, Key Vault, blob storage, Azure OpenAI
network/   virtual networks, NSG, NAT, DNS and VMs as Linux namespaces
ockam/     a stand-in for the `ockam` command where the real one is not installed
fabric.py  the words in which azure/ and network/ speak to each other

Never shipped, never imported by the app.
"""
