"""Every leaf of Flagger's Canary and MetricTemplate (flagger.app/v1beta1, release 1.44)."""

from gitops_canary.manifest.fields import table

CANARY = table("""
spec.provider | text | honoured | names the routing provider
spec.metricsServer | text | honoured | must be an address the operator allows
spec.targetRef.apiVersion | text | honoured | of the candidate
spec.targetRef.kind | text | honoured | Deployment for now
spec.targetRef.name | text | honoured | the candidate; the primary is <name>-primary
spec.autoscalerRef.apiVersion | text | not yet | scalers are not cloned for the primary
spec.autoscalerRef.kind | text | not yet | scalers are not cloned for the primary
spec.autoscalerRef.name | text | not yet | scalers are not cloned for the primary
spec.autoscalerRef.primaryScalerQueries | map | not yet | scalers are not cloned for the primary
spec.autoscalerRef.primaryScalerReplicas.minReplicas | whole | not yet | scalers are not cloned
spec.autoscalerRef.primaryScalerReplicas.maxReplicas | whole | not yet | scalers are not cloned
spec.ingressRef.apiVersion | text | not yet | no ingress provider
spec.ingressRef.kind | text | not yet | no ingress provider
spec.ingressRef.name | text | not yet | no ingress provider
spec.routeRef.apiVersion | text | not yet | no APISIX provider
spec.routeRef.kind | text | not yet | no APISIX provider
spec.routeRef.name | text | not yet | no APISIX provider
spec.upstreamRef.apiVersion | text | not yet | no Gloo provider
spec.upstreamRef.kind | text | not yet | no Gloo provider
spec.upstreamRef.name | text | not yet | no Gloo provider
spec.upstreamRef.namespace | text | not yet | no Gloo provider
spec.progressDeadlineSeconds | whole | honoured | default 600
spec.skipAnalysis | flag | honoured | promotes a ready canary without checks
spec.revertOnDeletion | flag | not yet | a deleted Canary retreats to weight 0
spec.suspend | flag | honoured | nothing is measured or moved
spec.service.name | text | honoured | the apex Service
spec.service.port | whole | neutral | the Services lie in Git
spec.service.portName | text | neutral | the Services lie in Git
spec.service.targetPort | port | neutral | the Services lie in Git
spec.service.appProtocol | text | neutral | the Services lie in Git
spec.service.portDiscovery | flag | neutral | the Services lie in Git
spec.service.headless | flag | neutral | the Services lie in Git
spec.service.trafficDistribution | text | neutral | the Services lie in Git
spec.service.timeout | text | neutral | the route lies in Git
spec.service.backendTimeout | text | neutral | the route lies in Git
spec.service.retries.attempts | whole | neutral | the route lies in Git
spec.service.retries.perTryTimeout | text | neutral | the route lies in Git
spec.service.retries.retryOn | text | neutral | the route lies in Git
spec.service.gateways | list | neutral | the route lies in Git
spec.service.hosts | list | neutral | the route lies in Git
spec.service.delegation | flag | not yet | delegate routes are not followed
spec.service.gatewayRefs | list | neutral | the route lies in Git
spec.service.match | list | neutral | the route lies in Git
spec.service.rewrite.uri | text | neutral | the route lies in Git
spec.service.rewrite.authority | text | neutral | the route lies in Git
spec.service.rewrite.type | text | neutral | the route lies in Git
spec.service.headers | map | neutral | the route lies in Git
spec.service.corsPolicy | map | neutral | the route lies in Git
spec.service.mirror | list | neutral | the route lies in Git
spec.service.trafficPolicy | map | neutral | the DestinationRules lie in Git
spec.service.meshName | text | not yet | no App Mesh provider
spec.service.backends | list | not yet | no App Mesh provider
spec.service.apex.labels | map | neutral | the Services lie in Git
spec.service.apex.annotations | map | neutral | the Services lie in Git
spec.service.primary.labels | map | neutral | the Services lie in Git
spec.service.primary.annotations | map | neutral | the Services lie in Git
spec.service.canary.labels | map | neutral | the Services lie in Git
spec.service.canary.annotations | map | neutral | the Services lie in Git
spec.service.unmanagedMetadata.annotations | list | neutral | nothing is managed but owned values
spec.service.unmanagedMetadata.labels | list | neutral | nothing is managed but owned values
spec.analysis.interval | duration | honoured | default 60s, from 1s upward
spec.analysis.threshold | whole | honoured | failed checks that roll back
spec.analysis.maxWeight | whole | honoured | default 100, never exceeded
spec.analysis.stepWeight | number | honoured | a linear ladder
spec.analysis.stepWeights | list | honoured | an explicit ladder
spec.analysis.stepWeightPromotion | number | not yet | traffic returns to the primary in one step
spec.analysis.iterations | whole | not yet | A/B and blue/green
spec.analysis.mirror | flag | not yet | mirroring
spec.analysis.mirrorWeight | number | not yet | mirroring
spec.analysis.primaryReadyThreshold | whole | not yet | all replicas must be ready
spec.analysis.canaryReadyThreshold | whole | not yet | all replicas must be ready
spec.analysis.match | list | not yet | A/B
spec.analysis.metrics[].name | text | honoured | a builtin's name, or any
spec.analysis.metrics[].interval | duration | honoured | the window, default 1m
spec.analysis.metrics[].thresholdRange.min | number | honoured | inclusive
spec.analysis.metrics[].thresholdRange.max | number | honoured | inclusive
spec.analysis.metrics[].threshold | number | honoured | deprecated: minimum or maximum
spec.analysis.metrics[].query | text | honoured | deprecated: inline PromQL
spec.analysis.metrics[].templateRef.name | text | honoured | a MetricTemplate
spec.analysis.metrics[].templateRef.namespace | text | honoured | default the Canary's
spec.analysis.metrics[].templateVariables | map | honoured | for the template
spec.analysis.webhooks[].type | text | not yet | webhooks are not called
spec.analysis.webhooks[].name | text | not yet | webhooks are not called
spec.analysis.webhooks[].url | text | not yet | webhooks are not called
spec.analysis.webhooks[].timeout | text | not yet | webhooks are not called
spec.analysis.webhooks[].retries | whole | not yet | webhooks are not called
spec.analysis.webhooks[].metadata | map | not yet | webhooks are not called
spec.analysis.webhooks[].muteAlert | flag | not yet | webhooks are not called
spec.analysis.webhooks[].disableTLS | flag | not yet | webhooks are not called
spec.analysis.alerts[].name | text | not yet | alerts are only logged
spec.analysis.alerts[].severity | text | not yet | alerts are only logged
spec.analysis.alerts[].providerRef.name | text | not yet | alerts are only logged
spec.analysis.alerts[].providerRef.namespace | text | not yet | alerts are only logged
spec.analysis.sessionAffinity.cookieName | text | not yet | session affinity
spec.analysis.sessionAffinity.primaryCookieName | text | not yet | session affinity
spec.analysis.sessionAffinity.domain | text | not yet | session affinity
spec.analysis.sessionAffinity.httpOnly | flag | not yet | session affinity
spec.analysis.sessionAffinity.maxAge | whole | not yet | session affinity
spec.analysis.sessionAffinity.partitioned | flag | not yet | session affinity
spec.analysis.sessionAffinity.path | text | not yet | session affinity
spec.analysis.sessionAffinity.sameSite | text | not yet | session affinity
spec.analysis.sessionAffinity.secure | flag | not yet | session affinity
""")

TEMPLATE = table("""
spec.provider.type | text | honoured | prometheus for now
spec.provider.address | text | honoured | must be an address the operator allows
spec.provider.headers | map | not yet | credentials come from controller.yaml
spec.provider.secretRef.name | text | not yet | credentials come from controller.yaml
spec.provider.region | text | not yet | CloudWatch
spec.provider.insecureSkipVerify | flag | not yet | certificates are always verified
spec.query | any | honoured | PromQL with placeholders
""")
