module github.com/prometheus/prometheus

go 1.26.0

require (
	github.com/prometheus/otlptranslator v1.0.0
	go.opentelemetry.io/collector/pdata v1.71.0
)
