"""Azure as far as the app needs it: ARM, Entra, managed identities, Key Vault, blobs, Azure OpenAI.

Unmodified SDK clients reach it on production host names through its own proxy. A request goes from `front`
(which service?) to that service; ARM's goes on over `routes` and `arm` to `engine`, which makes the same moves
for every row of `table`; what is special to a type stands in the module of its service.

local          the façade: start, proxy, serve, settings, census
front, proxy   the HTTP side: host names to services, log, faults; the CONNECT proxy
control        what tests and tools may see and do, under /localcloud/
faults         rules that make calls or operations fail
certificates   the CA and the server certificate
clock          the machine's time, or a virtual one
model          kinds, resources, operations, the cloud that holds them
table          one row a resource type
bodies, shapes what a PUT body may hold; the language it is said in
ids, odata     ARM ids; `$filter`
engine         PUT, PATCH, GET, DELETE of anything
tags           how many a resource bears, and which
operations     asynchronous operations and their URLs
arm, routes    ARM's front; its routes that are no plain resource
errors         ARM's way of refusing
latencies      how long Azure typically takes
groups         resource groups and their cascading end
network, subnets, endpoints, privatedns    Microsoft.Network
compute, runcommands                       Microsoft.Compute
cognitive                                  Microsoft.CognitiveServices, with what it keeps when deleted
catalog        sizes, images, models, limits
identities     user-assigned identities
rbac, authorization, locks                 roles: who may do what; their routes; locks
entra, imds    tokens; managed identities in VMs and in the app
graph          who a principal is, for the Azure CLI
keyvault, blobs                            the data planes of vault and storage
inference, answers                         Azure OpenAI's data plane; where the model's words come from
receivers      who is told of events: webhooks, Event Grid topics
topology       from ARM's resources to the network that they mean
nofabric       the network of mode "none"
seed           what the app's own Bicep would have deployed
"""

from localcloud.azure.answers import Answerer, from_server
from localcloud.azure.certificates import Certificates
from localcloud.azure.clock import Clock, SystemClock, VirtualClock
from localcloud.azure.local import Administrator, LocalAzure
from localcloud.azure.nofabric import NoFabric

__all__ = [
    "Administrator",
    "Answerer",
    "Certificates",
    "Clock",
    "LocalAzure",
    "NoFabric",
    "SystemClock",
    "VirtualClock",
    "from_server",
]
