// The wire contract as this page reads it. Pixels are those of the upright original photo.

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Point = [x: number, y: number];

/** Low and high end of a 90 % interval in grams. */
export type IntervalG = [low: number, high: number];

export type VerificationMethod =
  | 'scale_verification'
  | 'multimodal_verification'
  | 'reference_scaled'
  | 'class_prior';

export interface Food {
  food_name: string;
  food_key: string;
  estimated_mass_g: number;
  mass_interval_g: IntervalG;
  /** Probability that the mass lies within 20 % of the truth. */
  confidence: number;
  verification_method: VerificationMethod;
  reasoning: string;
  bbox: Box;
  outline: Point[];
  volume_cm3: number | null;
  area_cm2: number | null;
}

export interface Reference {
  kind: string;
  bbox: Box;
  size_mm: number;
  confidence: number;
}

export interface Result {
  mass_estimation: {
    foods: Food[];
    total_mass_g: number;
    total_interval_g?: IntervalG;
  };
  references: Reference[];
  scale_source: string;
  scale_reading_g: number | null;
  image: { width: number; height: number };
}

/** What the scale at the counter says. */
export interface ScaleReading {
  /** `starting`, `settling`, `stable` or the kind of a trouble. */
  state: string;
  /** Grams above the zero, to 0.1; null while nothing rests. */
  net_g: number | null;
}

/** `data` of a WebSocket message and of the polling answer. */
export type TaskData =
  | { status: 'pending' | 'processing'; progress: number; message: string }
  | { status: 'completed'; result: Result; message: string }
  | { status: 'failed'; error: string; message: string };

/** Every HTTP answer: data on success, otherwise a Korean sentence for people and a stable code. */
export type Envelope<T> =
  | { success: true; data: T }
  | { success: false; error: string; code?: string };

/** Parses JSON from outside; anything that is not an object is null. */
export function parseObject(text: unknown): Record<string, unknown> | null {
  if (typeof text !== 'string') return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
