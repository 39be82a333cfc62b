import Foundation
import MoEFormat
import MoERuntime

/// Computes a layer with a kernel of its own on the experts' bytes in memory: `OwnKernel model.moe [layer]`.
///
/// Routing and paging are the library's; the products are plain Swift here and could as well be BLAS or a GPU's. For experts
/// with a gate, an up and a down matrix in 16- or 32-bit floating-point numbers, as Mixtral has.
@main
struct OwnKernel {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            print("usage: OwnKernel MODEL [LAYER]")
            return
        }
        let model = try MoEModel(opening: arguments[1], options: .init(memoryBudget: .mebibytes(512)))
        let layer = try model.layer(named: arguments.count > 2 ? arguments[2] : model.banks[0].path)
        let hidden = (0..<layer.hiddenSize).map { Float($0 % 7) / 7 - 0.4 }

        let routing = try layer.route(hidden, tokens: 1)
        var output = [Float](repeating: 0, count: layer.outputSize)
        // The experts stay in memory, in place, until the closure returns.
        try layer.withExperts(routing.experts[0]) { experts in
            for (expert, weight) in zip(experts, routing.weights[0]) {
                guard let gate = Matrix(expert[.gateWeight]), let up = Matrix(expert[.upWeight]),
                    let down = Matrix(expert[.downWeight])
                else { throw UnknownExpert() }
                let inner = zip(gate.times(hidden), up.times(hidden)).map { silu($0) * $1 }
                for (index, value) in down.times(inner).enumerated() { output[index] += weight * value }
            }
        }

        let reference = try layer.forward(hidden, tokens: 1)
        let difference = zip(output, reference.output).map { abs($0 - $1) }.max() ?? 0
        print("experts \(routing.experts[0]) with weights \(routing.weights[0])")
        print("the largest difference from the library's own kernels is \(difference)")
    }

    private static func silu(_ x: Float) -> Float { x / (1 + exp(-x)) }
}

/// A matrix whose rows are outputs, or inputs in the other orientation.
private struct Matrix {
    let values: [Float]
    let rows: Int
    let columns: Int
    let orientation: Orientation

    init?(_ tensor: ExpertTensor?) {
        guard let tensor, let values = tensor.floats else { return nil }
        self.values = values
        rows = tensor.rowCount
        columns = tensor.rowLength
        orientation = tensor.orientation
    }

    func times(_ x: [Float]) -> [Float] {
        var y = [Float](repeating: 0, count: orientation == .rowsAreInputs ? columns : rows)
        for row in 0..<rows {
            for column in 0..<columns {
                let weight = values[row * columns + column]
                if orientation == .rowsAreInputs { y[column] += weight * x[row] } else { y[row] += weight * x[column] }
            }
        }
        return y
    }
}

private struct UnknownExpert: Error, CustomStringConvertible {
    var description: String { "the experts of this layer have other tensors than gate, up and down" }
}
