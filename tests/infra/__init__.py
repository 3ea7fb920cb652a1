"""The app's own deployment, checked without a subscription.

Parsing and evaluating is not compiling: what Bicep's compiler alone knows (types of every function, its linter) is
checked by whoever deploys, with `az bicep build --file infra/main.bicep`.
"""
