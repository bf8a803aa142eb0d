//! Student's t distribution.

use super::Z95;

/// Computes the 97.5% quantile of Student's t distribution.
///
/// # Formula
/// Exact for 1 and 2 degrees of freedom; above, the Cornish-Fisher expansion in 1/df to the fourth order, within 0.2% for 3
/// degrees of freedom and 0.001% from 10 on. Source: Abramowitz & Stegun (1964), 26.7.5.
pub fn student_quantile(degrees: u64) -> f64 {
    match degrees {
        0 => f64::INFINITY,
        1 => 12.706_204_736_432_1,
        2 => 4.302_652_729_749_46,
        _ => {
            let (z, v) = (Z95, degrees as f64);
            let z2 = z * z;
            let g1 = z * (z2 + 1.0) / 4.0;
            let g2 = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
            let g3 = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
            let g4 = z * ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) / 92_160.0;
            z + g1 / v + g2 / (v * v) + g3 / v.powi(3) + g4 / v.powi(4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        // Fisher & Yates, t for p = 0.975.
        for (degrees, t, tolerance) in [
            (1, 12.706, 1e-3),
            (2, 4.303, 1e-3),
            (3, 3.182, 7e-3),
            (5, 2.571, 1e-3),
            (10, 2.228, 5e-4),
            (30, 2.042, 5e-4),
            (120, 1.980, 5e-4),
        ] {
            assert!((student_quantile(degrees) - t).abs() < tolerance, "{degrees}: {}", student_quantile(degrees));
        }
    }
}
