//! Small symmetric matrices.

/// A square matrix of a few rows.
pub type Matrix<const N: usize> = [[f64; N]; N];

/// Factors a positive definite matrix into L L'; nothing where it is not one.
fn cholesky<const N: usize>(matrix: &Matrix<N>) -> Option<Matrix<N>> {
    let mut lower = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix[i][j] - dot;
            if i == j {
                // What is left of the diagonal must stand out of the rounding.
                if !(rest > 1e-14 * matrix[i][i].abs() && rest.is_finite()) {
                    return None;
                }
                lower[i][i] = rest.sqrt();
            } else {
                lower[i][j] = rest / lower[j][j];
            }
        }
    }
    Some(lower)
}

/// Solves matrix x = right for a positive definite matrix.
pub(crate) fn solve<const N: usize>(matrix: &Matrix<N>, right: &[f64; N]) -> Option<[f64; N]> {
    let lower = cholesky(matrix)?;
    let mut x = *right;
    for i in 0..N {
        let dot: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
        x[i] = (x[i] - dot) / lower[i][i];
    }
    for i in (0..N).rev() {
        let dot: f64 = (i + 1..N).map(|k| lower[k][i] * x[k]).sum();
        x[i] = (x[i] - dot) / lower[i][i];
    }
    Some(x)
}

/// Inverts a positive definite matrix.
pub(crate) fn inverse<const N: usize>(matrix: &Matrix<N>) -> Option<Matrix<N>> {
    let mut columns = [[0.0; N]; N];
    for (i, column) in columns.iter_mut().enumerate() {
        let mut unit = [0.0; N];
        unit[i] = 1.0;
        *column = solve(matrix, &unit)?;
    }
    Some(columns)
}

/// Computes a' matrix b.
pub(crate) fn product<const N: usize>(a: &[f64; N], matrix: &Matrix<N>, b: &[f64; N]) -> f64 {
    a.iter().zip(matrix).map(|(a, row)| a * row.iter().zip(b).map(|(m, b)| m * b).sum::<f64>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_by_hand() {
        // [[4, 2], [2, 3]] has determinant 8.
        let inverse = inverse(&[[4.0, 2.0], [2.0, 3.0]]).expect("positive definite");
        let expected = [[0.375, -0.25], [-0.25, 0.5]];
        for (row, expected) in inverse.iter().zip(expected) {
            assert!(row.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15));
        }
        assert_eq!(solve(&[[1.0, 2.0], [2.0, 1.0]], &[1.0, 1.0]), None);
    }
}
