// Asks the node. Every failure becomes a `Failure` with a kind the page has words for.

import type { components } from '../api';

type Schemas = components['schemas'];
export type Node = Schemas['NodeStatus'];
export type Hive = Schemas['HiveView'];
export type Site = Schemas['SiteView'];
export type Asset = Schemas['AssetView'];
export type AssetState = Schemas['AssetState'];
export type Last = Schemas['LastValue'];
export type Alert = Schemas['AlertView'];
export type Severity = Schemas['Severity'];
export type Order = Schemas['WorkOrderView'];
export type OrderChange = Partial<Schemas['WorkOrderChange']>;
export type Policy = Schemas['PolicyView'];
export type Head = Schemas['LedgerHead'];
export type BlockSummary = Schemas['BlockSummary'];
export type Block = Schemas['BlockView'];
export type Transaction = Schemas['TransactionView'];
export type Proof = Schemas['ProofView'];
export type Batch = Schemas['SampleBatch'];
export type MetricItem = Schemas['MetricItem'];

export type Metric = Schemas['MetricView'];
export type MetricKind = Schemas['MetricKind'];
export type Steps = Schemas['QueryAnswer'];
export type EnergyNow = Schemas['EnergyNowView'];
export type EnergySlot = Schemas['SlotView'];
export type EnergyTotals = Schemas['EnergyTotalsView'];
export type Dispute = Schemas['DisputeView'];
export type Release = Schemas['ReleaseView'];
export type EnergyMissing = Schemas['MissingView'];
export type Meters = Schemas['MetersView'];
export type DwellingPlan = Schemas['DwellingPlanView'];
export type Dwellings = Schemas['DwellingsView'];
export type DwellingSums = Schemas['DwellingSums'];
export type DwellingSlot = Schemas['DwellingSlotView'];
export type MeterTest = Schemas['MeterTestView'];
export type MeterRole = Schemas['MeterRole'];
export type Tokens = Schemas['TokensView'];
export type TokenMove = Schemas['TokenMoveView'];
export type Power = Schemas['PowerView'];
export type Plan = Schemas['PlanView'];
export type DayPlan = Schemas['DayPlanView'];
export type PlanSlot = Schemas['PlanSlotView'];
export type PlanReason = Schemas['PlanReason'];
export type ForecastError = Schemas['ForecastError'];
export type Equipment = Schemas['EquipmentView'];
export type Shift = Schemas['ShiftView'];
export type StoreDraft = Schemas['StoreDraft'];
export type LoadDraft = Schemas['LoadDraft'];
export type Terms = Schemas['TermsView'];
export type Sharing = Schemas['SharingView'];
export type SharingRule = Schemas['SharingRuleDraft'];
export type EnergyDecision = Schemas['EnergyDecision'];
export type SlotResult = Schemas['ResultView'];
export type SlotProof = Schemas['ResultProof'];
export type Aggregates = Schemas['AggregatesView'];
export type Comparison = Schemas['ComparisonView'];
export type Leaving = Schemas['LeavingView'];
export type SumDecision = Schemas['AggregateDecision'];
export type Street = Schemas['StreetView'];
export type Card = Schemas['CardView'];
export type CardPreview = Schemas['CardPreview'];
export type Hint = Schemas['HintView'];
export type Learnt = Schemas['LearntView'];
export type OwnCards = Schemas['OwnCardsView'];
export type Survived = Schemas['SurvivalView'];
export type SurvivalHint = Schemas['SurvivalHintView'];
export type SurvivalCard = Schemas['SurvivalCardView'];
export type SurvivalPreview = Schemas['SurvivalPreview'];
export type OwnSurvivals = Schemas['OwnSurvivalsView'];
export type Enquiries = Schemas['EnquiriesView'];
export type HeldEnquiry = Schemas['HeldEnquiryView'];
export type Told = Schemas['ReplyView'];
export type HiveEnergy = Schemas['HiveEnergyView'];
export type Statement = Schemas['StatementView'];
export type Booking = Schemas['BookingView'];
export type Photo = Schemas['PhotoView'];
export type Ending = Schemas['Ending'];
export type MetCondition = Schemas['EvidenceCondition'];
export type Building = Schemas['OperatorBuilding'];

export interface Page<T> {
  items: T[];
  next?: string | null;
}

export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    detail: string,
  ) {
    super(detail);
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export async function ask<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const request: RequestInit = { method, credentials: 'same-origin', signal: AbortSignal.timeout(40_000) };
  if (body !== undefined) {
    request.headers = { 'content-type': 'application/json' };
    request.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(path, request);
  } catch (error) {
    throw new Failure(0, 'unreachable', String(error));
  }
  if (!response.ok) throw await failure(response);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

export const get = <T>(path: string) => ask<T>('GET', path);

async function failure(response: Response): Promise<Failure> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Schemas['ProblemDocument']>;
  const kind = (problem.type ?? '').split(':').at(-1) || 'unknown';
  return new Failure(response.status, kind, problem.detail ?? response.statusText);
}
