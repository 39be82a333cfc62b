import CMoEKernels

/// `moe_linear` over arrays, with misaligned weights and scales and guard values around the result.
enum Linear {
    static func run(
        _ matrix: StoredMatrix, rowsAreInputs: Bool, hidden: [[Float]], members: [UInt32]? = nil,
        outputs: Range<Int>? = nil
    ) -> [[Float]]? {
        let width = rowsAreInputs ? matrix.rows : matrix.columns
        let all = rowsAreInputs ? matrix.columns : matrix.rows
        let outputs = outputs ?? 0..<all
        let tokens = members?.count ?? hidden.count
        let canary: Float = -12345.5
        let stride = all + 3
        let padded = hidden.flatMap { $0 + [.nan, .nan] }
        var tile = [Float](repeating: .nan, count: moe_token_tile_count(tokens, width))
        moe_token_tile_pack(padded, width + 2, members, tokens, width, &tile)
        var result = [Float](repeating: canary, count: tokens * stride)
        let elements = [0] + matrix.elements
        let scales = [0] + matrix.scales
        let done = elements.withUnsafeBufferPointer { elements in
            scales.withUnsafeBufferPointer { scales in
                result.withUnsafeMutableBufferPointer { result in
                    tile.withUnsafeBufferPointer { tile in
                        let weight = moe_weight(
                            elements: elements.baseAddress! + 1, rows: matrix.rows, columns: matrix.columns,
                            type: matrix.type,
                            scale_type: matrix.scaleType, scales: scales.baseAddress! + 1, block_rows: matrix.blockRows,
                            block_columns: matrix.blockColumns)
                        var call = moe_linear_call(
                            weight: weight, rows_are_inputs: rowsAreInputs, token_tile: tile.baseAddress,
                            tokens: tokens,
                            first_output: outputs.lowerBound, outputs: outputs.count, result: result.baseAddress,
                            result_stride: stride, workspace: nil)
                        let workspace = moe_linear_workspace(&call.weight, rowsAreInputs)
                        let memory = UnsafeMutableRawPointer.allocate(byteCount: workspace + 1, alignment: 1)
                        defer { memory.deallocate() }
                        call.workspace = memory
                        return moe_linear(&call)
                    }
                }
            }
        }
        guard done else { return nil }
        return (0..<tokens).map { t in
            let row = result[t * stride..<(t + 1) * stride]
            for (o, value) in row.enumerated() where !outputs.contains(o) {
                precondition(value == canary, "written outside the outputs asked for")
            }
            return Array(row.dropFirst(outputs.lowerBound).prefix(outputs.count))
        }
    }

    /// Σ|x·w| of every output: what rounding errors are measured by, since the products may cancel each other.
    static func magnitudes(_ matrix: StoredMatrix, rowsAreInputs: Bool, hidden: [[Float]]) -> [[Float]] {
        let weights = matrix.weights.map(\.magnitude)
        let (rows, columns) = (matrix.rows, matrix.columns)
        return hidden.map { token in
            rowsAreInputs
                ? (0..<columns).map { o in (0..<rows).reduce(0) { $0 + token[$1].magnitude * weights[$1 * columns + o] }
                }
                : (0..<rows).map { o in (0..<columns).reduce(0) { $0 + token[$1].magnitude * weights[o * columns + $1] }
                }
        }
    }

    /// The order of moe_linear.h, one number at a time.
    static func reference(_ matrix: StoredMatrix, rowsAreInputs: Bool, hidden: [[Float]]) -> [[Float]] {
        let weights = matrix.weights
        let columns = matrix.columns
        if rowsAreInputs {
            return hidden.map { token in
                var sums = [Float](repeating: 0, count: columns)
                for k in 0..<matrix.rows {
                    for o in 0..<columns { sums[o].addProduct(token[k], weights[k * columns + o]) }
                }
                return sums
            }
        }
        let padding = [Float](repeating: 0, count: (16 - columns % 16) % 16)
        return hidden.map { token in
            let token = token + padding
            return (0..<matrix.rows).map { o in
                let row = Array(weights[o * columns..<(o + 1) * columns]) + padding
                var lanes = [Float](repeating: 0, count: 16)
                for (k, weight) in row.enumerated() { lanes[k % 16].addProduct(token[k], weight) }
                for distance in [8, 4, 2, 1] {
                    for i in 0..<distance { lanes[i] += lanes[i + distance] }
                }
                return lanes[0]
            }
        }
    }
}

extension [Float] {
    /// Equal bits, any NaN being equal to any other.
    func hasSameBits(as other: [Float]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
    }

    /// Within 2e-5 of the magnitudes, each of its own.
    func isClose(to other: [Float], by magnitudes: [Float]) -> Bool {
        count == other.count && indices.allSatisfy { (self[$0] - other[$0]).magnitude <= 2e-5 * magnitudes[$0] }
    }
}
