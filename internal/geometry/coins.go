package geometry

import (
	"maps"
	"slices"
)

// coins are the diameters of coins in mm, as the banks that issue them give them: the Bank of Korea for the
// won in circulation (10 won: since 2006, and the larger one before), the People's Bank of China for the
// 1 yuan of 1999, with which the mass model's photos were taken.
var coins = map[string]float64{
	"500won": 26.5, "100won": 24.0, "50won": 21.6, "10won": 18.0, "10won-old": 22.86, "1yuan": 25.0,
}

// CoinMM returns the diameter in mm of the coin with a name such as "100won".
func CoinMM(name string) (mm float64, ok bool) {
	mm, ok = coins[name]
	return mm, ok
}

// CoinNames returns the names that CoinMM knows, sorted.
func CoinNames() []string { return slices.Sorted(maps.Keys(coins)) }
