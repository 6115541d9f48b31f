// Command collector is an OpenTelemetry Collector for tests and for `npm run fleet`. It has the components that they use, and none
// of the Collector's own telemetry, which would double the time to build it.
package main

import (
	"context"
	"log"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/prometheusexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func main() {
	settings := otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "collector", Version: "0.165.0"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()},
				DefaultScheme:     "file",
			},
		},
	}
	if err := otelcol.NewCommand(settings).Execute(); err != nil {
		log.Fatal(err)
	}
}

func factories() (otelcol.Factories, error) {
	receivers, err := otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory())
	if err != nil {
		return otelcol.Factories{}, err
	}
	exporters, err := otelcol.MakeFactoryMap[exporter.Factory](
		debugexporter.NewFactory(),
		prometheusexporter.NewFactory(),
	)
	return otelcol.Factories{Receivers: receivers, Exporters: exporters, Telemetry: logsOnly()}, err
}

// telemetryConfig is the part of the configuration below `service.telemetry` that this Collector knows.
type telemetryConfig struct {
	Logs struct {
		Level zapcore.Level `mapstructure:"level"`
	} `mapstructure:"logs"`
}

// logsOnly returns telemetry that writes messages to stderr, and has no metrics and traces.
func logsOnly() telemetry.Factory {
	createConfig := func() component.Config { return &telemetryConfig{} }
	return telemetry.NewFactory(createConfig, telemetry.WithCreateLogger(
		func(_ context.Context, settings telemetry.LoggerSettings, config component.Config) (*zap.Logger, component.ShutdownFunc, error) {
			production := zap.NewProductionConfig()
			production.Level = zap.NewAtomicLevelAt(config.(*telemetryConfig).Logs.Level)
			logger, err := settings.BuildZapLogger(production)
			return logger, nil, err
		},
	))
}
