import { confidence, grams, interval, trust } from '../format';
import type { Food } from '../wire';
import { colour } from './photo';

/** One food: number, name, grams, how sure; a tap unfolds how that came about. */
export function FoodCard({ food, index }: { food: Food; index: number }) {
  return (
    <li>
      <details class="card">
        <summary>
          <span class={`badge ${colour(index)}`}>{index + 1}</span>
          <h2>{food.food_name}</h2>
          <span class="mass">{grams(food.estimated_mass_g)}</span>
          <span class="sure">
            <span>{interval(food.mass_interval_g)}</span>
            <span class={`trust ${trust(food.confidence)}`}>{confidence(food.confidence)}</span>
          </span>
        </summary>
        <p>{food.reasoning}</p>
      </details>
    </li>
  );
}
