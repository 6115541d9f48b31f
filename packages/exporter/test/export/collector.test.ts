// Profiles in a real Collector: what it prints is what was sent.
import { expect } from 'vitest';
import { peerTest } from '../../../../test/support/peer-test.js';
import { pollUntil } from '../../../../test/support/poll.js';
import { startCollector } from '../../../../test/support/start-collector.js';
import { OtlpProfileExporter } from '../../src/export/index.js';
import { encodeOtlpProfiles } from '../../src/otlp/index.js';
import { secondMinute } from '../pprof/sample-profiles.js';
import { collectorText } from './support/collector-text.js';

const resource = { 'service.name': 'shop', 'process.pid': 7 };
/** IDs are random. */
const withoutIds = (text: string) => text.replaceAll(/Profile ID {5}: .*/g, 'Profile ID');

peerTest(
  'prints what was sent when profiles come as protobuf, JSON or by gRPC, compressed or not',
  'collector',
  async () => {
    const collector = await startCollector();
    const profile = secondMinute();
    const expected = withoutIds(collectorText(encodeOtlpProfiles([profile], { resource })));
    expect(expected.match(/Sample #/g)?.length).toBeGreaterThan(10);
    let before = 0;
    for (const [protocol, compression] of [
      ['http/protobuf', 'gzip'],
      ['http/protobuf', 'none'],
      ['http/json', 'gzip'],
      ['http/json', 'none'],
      ['grpc', 'gzip'],
      ['grpc', 'none'],
    ] as const) {
      const url = protocol === 'grpc' ? collector.otlpGrpc : `${collector.otlp}/v1development/profiles`;
      const exporter = new OtlpProfileExporter({ url, protocol, compression }, { env: {} });
      expect(await exporter.export([profile], resource)).toEqual({ code: 0 });
      expect(exporter.drops).toEqual({ rejected: 0, queue_full: 0, too_old: 0, failed: 0 });
      const printed = await pollUntil(
        () => {
          const text = withoutIds(collector.profiles().slice(before));
          // The Collector may have written a part of it so far.
          return text.slice(text.indexOf('Mapping #0')).trimEnd().length >= expected.trimEnd().length && text;
        },
        { what: `profiles sent by ${protocol}, ${compression}` },
      );
      // A line with the numbers of resources and samples comes first.
      expect(printed.slice(printed.indexOf('Mapping #0')).trimEnd()).toBe(expected.trimEnd());
      before = collector.profiles().length;
    }
  },
);
