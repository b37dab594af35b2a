{{- define "common.merged" -}}
{{- $override := fromYaml (include (index . 0) (index . 1)) | default (dict) -}}
{{- $base := fromYaml (index . 2) -}}
{{- toYaml (merge $override $base) -}}
{{- end }}
{{- define "common.deployment" -}}
{{- $top := index . 0 -}}
{{- $worker := index . 1 -}}
{{- include "common.merged" (list (index . 2) $top (include "common.base" (list $top $worker))) -}}
{{- end }}
{{- define "common.base" -}}
{{- $top := index . 0 -}}
{{- $worker := index . 1 -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $top.Release.Name }}-{{ $worker.name }}
  namespace: {{ $top.Release.Namespace }}
spec:
  replicas: {{ $worker.replicas | int }}
  selector: {matchLabels: {worker: {{ $worker.name }}}}
  template:
    metadata: {labels: {worker: {{ $worker.name }}}}
    spec:
      containers:
        - name: main
          image: {{ $top.Values.image }}
          env:
            {{- range $name, $value := $worker.env }}
            - {name: {{ $name }}, value: {{ $value | quote }}}
            {{- else }}
            []
            {{- end }}
{{- end }}
