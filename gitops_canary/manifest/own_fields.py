"""Every leaf of our own Canary (gitops-canary.dev/v1alpha1)."""

from gitops_canary.manifest.fields import table

CANARY = table("""
spec.id | text | honoured | identity, default namespace/name
spec.provider | text | honoured | names the routing provider
spec.targetRef.apiVersion | text | honoured | of the candidate
spec.targetRef.kind | text | honoured | Deployment for now
spec.targetRef.name | text | honoured | the candidate; the primary is <name>-primary
spec.service.name | text | honoured | the apex Service
spec.service.port | whole | neutral | the Services lie in Git
spec.progressDeadlineSeconds | whole | honoured | default 600
spec.skipAnalysis | flag | honoured | promotes a ready canary without checks
spec.suspend | flag | honoured | nothing is measured or moved
spec.control.paused | flag | honoured | nothing starts or rises; failures still roll back
spec.control.approve | list | honoured | <rollout>/<step>
spec.control.abort | text | honoured | the rollout to roll back
spec.control.retry | text | honoured | the rollout to try again
spec.control.resume | text | honoured | <rollout>/<weight> to go on after an override
spec.source | map | not yet | bindings are found from targetRef
spec.routing | map | not yet | routes are found from the service's name
spec.sync | map | not yet | sync sources are set in controller.yaml
spec.rollbackWindow | duration | not yet | the fast way back
spec.analysis.interval | duration | honoured | default 60s, from 1s upward
spec.analysis.threshold | whole | honoured | failed checks that roll back
spec.analysis.maxWeight | whole | honoured | default 100, never exceeded
spec.analysis.stepWeight | number | honoured | a linear ladder
spec.analysis.stepWeights | list | honoured | an explicit ladder
spec.analysis.judge | text | honoured | threshold for now
spec.analysis.noData | text | honoured | hold for now
spec.analysis.metrics[].name | text | honoured | a builtin's name, or any
spec.analysis.metrics[].source | text | honoured | a metric source of controller.yaml
spec.analysis.metrics[].interval | duration | honoured | the window, default 1m
spec.analysis.metrics[].thresholdRange.min | number | honoured | inclusive
spec.analysis.metrics[].thresholdRange.max | number | honoured | inclusive
spec.analysis.metrics[].query | text | honoured | inline PromQL
spec.analysis.metrics[].templateRef.name | text | honoured | a MetricTemplate
spec.analysis.metrics[].templateRef.namespace | text | honoured | default the Canary's
spec.analysis.metrics[].templateVariables | map | honoured | for the template
""")
