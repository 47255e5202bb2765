"""Routing objects that lead to one Service, as people have them before their first canary."""

ISTIO = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: prod}
spec:
  hosts: [web]
  http:
  - match: [{uri: {prefix: /api}}]
    route:
    - destination:
        host: web.prod.svc.cluster.local # in the mesh
  - route:
    - destination: {host: web}
      weight: 80
    - destination: {host: legacy}
      weight: 20
"""
GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: prod}
spec:
  parentRefs: [{name: gateway}]
  rules:
  - backendRefs:
    - name: web
      port: 80
"""
NGINX = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: prod
  annotations:
    cert-manager.io/cluster-issuer: le
    nginx.ingress.kubernetes.io/proxy-body-size: 8m
spec:
  ingressClassName: nginx
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /old, pathType: Prefix, backend: {service: {name: legacy, port: {number: 80}}}}
"""
TRAEFIK = """\
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: prod}
spec:
  routes:
  - match: Host(`shop.example`)
    kind: Rule
    services:
    - name: web
      port: 80
"""
CONTOUR = """\
apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: {name: web, namespace: prod}
spec:
  virtualhost: {fqdn: shop.example}
  routes:
  - conditions: [{prefix: /api}]
    services:
    - name: web # everything
      port: 80
  - services:
    - name: legacy
      port: 80
"""
APISIX = """\
apiVersion: apisix.apache.org/v2
kind: ApisixRoute
metadata: {name: web, namespace: prod}
spec:
  http:
  - name: web
    match: {hosts: [shop.example], paths: [/*]}
    backends:
    - serviceName: web
      servicePort: 80
      weight: 100
"""
KUMA = """\
apiVersion: kuma.io/v1alpha1
kind: MeshHTTPRoute
metadata: {name: web, namespace: prod}
spec:
  to:
  - targetRef: {kind: MeshService, name: web}
    rules:
    - matches: [{path: {type: PathPrefix, value: /}}]
      default:
        backendRefs:
        - kind: MeshService
          name: web
          namespace: prod
          port: 80
"""
GLOO = """\
apiVersion: gateway.solo.io/v1
kind: VirtualService
metadata: {name: web, namespace: prod}
spec:
  virtualHost:
    domains: [shop.example]
    routes:
    - matchers: [{prefix: /api}]
      routeAction:
        single: # everything
          kube: {ref: {name: web, namespace: prod}, port: 80}
    - matchers: [{prefix: /}]
      options: {timeout: 9s}
      routeAction:
        single: {upstream: {name: prod-web-80, namespace: gloo-system}}
    - routeAction:
        multi:
          destinations:
          - destination: {kube: {ref: {name: web, namespace: prod}, port: 80}}
            weight: 80
          - destination: {kube: {ref: {name: legacy, namespace: prod}, port: 80}}
            weight: 20
"""
VIRTUAL_SERVER = """\
apiVersion: k8s.nginx.org/v1
kind: VirtualServer
metadata: {name: web, namespace: prod}
spec:
  host: shop.example
  upstreams:
  - name: shop
    service: web # theirs
    port: 80
    keepalive: 32
  - {name: legacy, service: legacy, port: 80}
  routes:
  - path: /
    action:
      pass: shop
  - path: /api
    matches:
    - conditions: [{header: x-old, value: "1"}]
      action: {pass: legacy}
    action:
      proxy:
        upstream: shop
        rewritePath: /v1
  - path: /half
    splits:
    - weight: 80
      action: {pass: shop}
    - weight: 20
      action: {pass: legacy}
"""
ROUTE_GROUP = """\
apiVersion: zalando.org/v1
kind: RouteGroup
metadata: {name: web, namespace: prod}
spec:
  hosts: [shop.example]
  backends:
  - name: shop
    type: service
    serviceName: web
    servicePort: 80
  - {name: gone, type: shunt}
  defaultBackends:
  - backendName: shop
  routes:
  - pathSubtree: /
  - path: /old
    backends: [{backendName: gone}]
  - path: /half
    backends:
    - {backendName: shop, weight: 60}
    - {backendName: gone, weight: 20}
"""
SKIPPER = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: prod
spec:
  ingressClassName: skipper
  rules:
  - host: shop.example
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service: {name: web, port: {number: 80}}
"""
ALB = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: prod
  annotations:
    alb.ingress.kubernetes.io/scheme: internet-facing
spec:
  ingressClassName: alb
  rules:
  - host: shop.example
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: web
            port:
              number: 80
      - {path: /api, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
"""
OPENSHIFT = """\
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: web, namespace: prod}
spec:
  host: shop.example
  to:
    kind: Service
    name: web
  port: {targetPort: http}
"""
EMISSARY = """\
apiVersion: getambassador.io/v3alpha1
kind: Mapping
metadata:
  name: web
  namespace: prod
  labels: {app: shop}
spec:
  hostname: "*"
  prefix: /shop/
  service: http://web.prod:80
  timeout_ms: 4000
"""
LINKERD = """\
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: web, namespace: prod}
spec:
  parentRefs: [{name: web, kind: Service, group: core, port: 80}]
  rules:
  - backendRefs:
    - name: web
      port: 80
"""
HAPROXY = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: prod
  annotations:
    haproxy-ingress.github.io/timeout-server: 9s
spec:
  ingressClassName: haproxy
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /old, pathType: Prefix, backend: {service: {name: legacy, port: {number: 80}}}}
"""
ROUTES = {
    "haproxy": HAPROXY,
    "istio": ISTIO,
    "gatewayapi:v1": GATEWAY,
    "nginx": NGINX,
    "traefik": TRAEFIK,
    "contour": CONTOUR,
    "apisix": APISIX,
    "kuma": KUMA,
    "gloo": GLOO,
    "virtualserver": VIRTUAL_SERVER,
    "skipper": ROUTE_GROUP,
    "skipper ingress": SKIPPER,
    "alb": ALB,
    "openshift": OPENSHIFT,
    "emissary": EMISSARY,
    "linkerd": LINKERD,
}
"""One object that leads to the Service, by router; a second word tells two of one router apart."""
