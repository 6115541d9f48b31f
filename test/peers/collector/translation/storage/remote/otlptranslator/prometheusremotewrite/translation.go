// Package prometheusremotewrite has the one function of Prometheus that the Collector's Prometheus exporter uses. Prometheus' own
// package imports the clients of three clouds, which would take longer to build than the whole Collector.
package prometheusremotewrite

import (
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// TranslatorMetricFromOtelMetric returns what the name of a metric in Prometheus is made from.
func TranslatorMetricFromOtelMetric(metric pmetric.Metric) otlptranslator.Metric {
	return otlptranslator.Metric{Name: metric.Name(), Unit: metric.Unit(), Type: typeOf(metric)}
}

func typeOf(metric pmetric.Metric) otlptranslator.MetricType {
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		return otlptranslator.MetricTypeGauge
	case pmetric.MetricTypeSum:
		if metric.Sum().IsMonotonic() {
			return otlptranslator.MetricTypeMonotonicCounter
		}
		return otlptranslator.MetricTypeNonMonotonicCounter
	case pmetric.MetricTypeHistogram:
		return otlptranslator.MetricTypeHistogram
	case pmetric.MetricTypeExponentialHistogram:
		return otlptranslator.MetricTypeExponentialHistogram
	case pmetric.MetricTypeSummary:
		return otlptranslator.MetricTypeSummary
	default:
		return otlptranslator.MetricTypeUnknown
	}
}
