/** What several objects come to, as Istio merges them: the widest first, one row for each rule. */
import { describe, expect, test } from 'vitest';
import type { AccessLogging, Metrics, Tracing } from '#api/kinds/telemetry.ts';
import { METRIC_NAMES } from '#api/mesh/standard-metrics.ts';
import { mergeAccessLogs } from './merge-access-logs.ts';
import { mergeMetrics } from './merge-metrics.ts';
import { mergeTracing } from './merge-tracing.ts';

const from = (...names: string[]) => ({ providers: names.map((name) => ({ name })) });
const mode = (text: 'CLIENT' | 'SERVER' | 'CLIENT_AND_SERVER') => ({ match: { mode: text } });

describe('tracing', () => {
  const merged = (...sections: Tracing[]) => mergeTracing(sections, 'CLIENT', 'default');
  const tags = (value: string) => ({ customTags: { [value]: { literal: { value } } } });

  test.each<[string, Tracing[], object]>([
    ['nothing said: the default', [], { provider: 'default', sampling: undefined, istioTags: true }],
    ['the first provider', [from('a', 'b')], { provider: 'a' }],
    ['the last object that names one', [from('a'), from('b'), {}], { provider: 'b' }],
    ['another side', [from('a'), { ...mode('SERVER'), ...from('b') }], { provider: 'a' }],
    ['this side', [from('a'), { ...mode('CLIENT'), ...from('b') }], { provider: 'b' }],
    ['both sides', [from('a'), { ...mode('CLIENT_AND_SERVER'), ...from('b') }], { provider: 'b' }],
    ['switched off', [from('a'), { disableSpanReporting: true }], { provider: undefined }],
    [
      'switched on again',
      [{ disableSpanReporting: true }, { disableSpanReporting: false }],
      { provider: 'default' },
    ],
    ['a share of none', [{ randomSamplingPercentage: 5 }, { randomSamplingPercentage: 0 }], { sampling: 0 }],
    ['tags as a whole', [tags('a'), tags('b')], tags('b')],
    ["Istio's tags off", [{ enableIstioTags: false }, tags('a')], { istioTags: false }],
  ])('%s', (_, sections, expected) => {
    expect(merged(...sections)).toMatchObject(expected);
  });
});

describe('access logs', () => {
  const merged = (levels: AccessLogging[][], defaults: string[] = []) =>
    Object.fromEntries(mergeAccessLogs(levels, 'SERVER', defaults));
  const on = (filter?: string) => ({ disabled: false, filter });
  const where = (expression: string) => ({ filter: { expression } });

  test.each<[string, AccessLogging[][], object, string[]?]>([
    ['nothing said', [], {}],
    ['nothing said: the defaults', [[], []], { a: on() }, ['a']],
    ['a provider instead of the default', [[from('b')]], { b: on() }, ['a']],
    ['the narrower object replaces the wider one', [[from('a')], [from('b')]], { b: on() }],
    ['several providers of one object', [[from('a'), from('b', 'c')]], { a: on(), b: on(), c: on() }],
    ['another side', [[{ ...mode('CLIENT'), ...from('a') }]], {}],
    [
      'another side leaves the wider object',
      [[from('a')], [{ ...mode('CLIENT'), ...from('b') }]],
      { a: on() },
    ],
    ['switched off', [[from('a')], [{ disabled: true }]], { a: { disabled: true, filter: undefined } }],
    [
      'switched off for one',
      [[from('a', 'b')], [{ ...from('a', 'b') }, { ...from('a'), disabled: true }]],
      {
        a: { disabled: true, filter: undefined },
        b: on(),
      },
    ],
    ['switched on again', [[{ ...from('a'), disabled: true }], [{}]], { a: on() }],
    ['a filter', [[{ ...from('a'), ...where('x') }]], { a: on('x') }],
    ['a filter without a provider', [[from('a')], [where('x')]], { a: on('x') }],
    ['a filter for the defaults', [[where('x')]], { a: on('x') }, ['a']],
    ['a filter that stays', [[{ ...from('a'), ...where('x') }], [{}]], { a: on('x') }],
    [
      'one provider in different letters',
      [[from('a'), { ...from('A'), disabled: true }]],
      { a: { disabled: true, filter: undefined } },
    ],
    ['no filter any more', [[{ ...from('a'), ...where('x') }], [from('a')]], { a: on() }],
  ])('%s', (_, levels, expected, defaults) => {
    expect(merged(levels, defaults)).toEqual(expected);
  });
});

describe('metrics', () => {
  const merged = (...sections: Metrics[]) =>
    mergeMetrics(sections, 'SERVER', ['prometheus'], (name) => name === 'prometheus');
  const all = (more: object) => METRIC_NAMES.map((name) => ({ name, ...PLAIN, ...more })).sort(byName);
  const PLAIN = { drop: false, dimensions: [], tagsToRemove: [] };
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  const count = { match: { metric: 'REQUEST_COUNT' as const } };
  const set = (tag: string, value: string) => ({ tagOverrides: { [tag]: { value } } });
  const removed = (tag: string) => ({ tagOverrides: { [tag]: { operation: 'REMOVE' as const } } });

  test.each<[string, Metrics[], unknown]>([
    ['nothing said', [], []],
    ['nothing but the provider', [from('prometheus')], []],
    ['somebody else', [from('other')], 'off'],
    ['somebody else first', [from('other'), from('prometheus')], []],
    ['nobody any more', [from('prometheus'), from('other')], 'off'],
    ['all off', [{ overrides: [{ disabled: true }] }], 'off'],
    ['all off by name', [{ overrides: [{ match: { metric: 'ALL_METRICS' }, disabled: true }] }], 'off'],
    ['all off on another side', [{ overrides: [{ match: { mode: 'CLIENT' }, disabled: true }] }], []],
    [
      'all off, and one said again',
      [{ overrides: [{ disabled: true }] }, { overrides: [{ ...count, disabled: false }] }],
      [{ ...PLAIN, name: 'requests_total' }],
    ],
    [
      'one off',
      [{ overrides: [{ ...count, disabled: true }] }],
      [{ ...PLAIN, name: 'requests_total', drop: true }],
    ],
    [
      'one off by its own name',
      [{ overrides: [{ match: { customMetric: 'requests_total' }, disabled: true }] }],
      [{ ...PLAIN, name: 'requests_total', drop: true }],
    ],
    ['a tag of all', [{ overrides: [set('a', 'x')] }], all({ dimensions: [['a', 'x']] })],
    ['a tag fewer', [{ overrides: [removed('a')] }], all({ tagsToRemove: ['a'] })],
    [
      'a tag said anew',
      [{ overrides: [{ ...count, ...removed('a') }] }, { overrides: [{ ...count, ...set('a', 'x') }] }],
      [{ ...PLAIN, name: 'requests_total', dimensions: [['a', 'x']] }],
    ],
    [
      'tags of two objects together, in the order of their names',
      [{ overrides: [{ ...count, ...set('b', 'x') }] }, { overrides: [{ ...count, ...set('a', 'y') }] }],
      [
        {
          ...PLAIN,
          name: 'requests_total',
          dimensions: [
            ['a', 'y'],
            ['b', 'x'],
          ],
        },
      ],
    ],
  ])('%s', (_, sections, expected) => {
    expect(merged(...sections)).toEqual(expected);
  });
});
