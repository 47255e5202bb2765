"""Routing objects without a list of their own: Ingresses, Mappings and Services."""

NGINX = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop-canary
  annotations:
    nginx.ingress.kubernetes.io/canary: "true"
    nginx.ingress.kubernetes.io/canary-weight: "0" # percent
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: shop-canary, port: {number: 80}}}
"""
EMISSARY = """\
apiVersion: getambassador.io/v3alpha1
kind: Mapping
metadata: {name: shop-canary}
spec:
  hostname: "*"
  prefix: /shop/
  service: shop-canary.prod:80
  weight: 0
"""
KUBERNETES = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector:
    app: shop-primary # who serves
  ports: [{port: 80}]
"""
ALB = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    alb.ingress.kubernetes.io/scheme: internet-facing
    alb.ingress.kubernetes.io/actions.shop: |
      {
        "type": "forward",
        "forwardConfig": {
          "targetGroups": [
            {"serviceName": "shop-primary", "servicePort": "80", "weight": 100},
            {"serviceName": "shop-canary", "servicePort": "80", "weight": 0}
          ]
        }
      }
spec:
  rules:
    - host: shop.example.com
      http:
        paths: [{path: /, backend: {service: {name: shop, port: {name: use-annotation}}}}]
"""
ALB_LINE = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    alb.ingress.kubernetes.io/actions.shop: '{"Type":"forward","ForwardConfig":{"TargetGroups":[\
{"Weight":100,"ServiceName":"shop-primary"},{"Weight":0,"ServiceName":"shop-canary"}]}}'
spec:
  rules: []
"""
SKIPPER = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    zalando.org/backend-weights: |
      {"shop-primary": 100, "shop-canary": 0}
spec:
  rules: []
"""
HAPROXY = """\
# balanced by pods
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    haproxy-ingress.github.io/blue-green-balance: app=shop-primary=100,app=shop=0 # by label
    cert-manager.io/cluster-issuer: le
spec:
  ingressClassName: haproxy
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
"""
