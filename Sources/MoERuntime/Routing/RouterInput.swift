internal import MoEFormat

extension Router {
    /// What the gate sees: the hidden states, root-mean-square normed and scaled where the description says so.
    func gateInput(_ hidden: [Float], tokens: Range<Int>) -> [Float] {
        let width = hiddenSize
        var x = Array(hidden[(tokens.lowerBound * width)..<(tokens.upperBound * width)])
        if let norm = description.inputNorm {
            for token in 0..<tokens.count {
                let row = (token * width)..<((token + 1) * width)
                let square = row.reduce(0.0) { $0 + Double(x[$1]) * Double(x[$1]) } / Double(width)
                let factor = norm.scale / (square + norm.epsilon).squareRoot()
                for i in row { x[i] = Float(Double(x[i]) * factor) }
            }
        }
        if !tensors.inputScale.isEmpty {
            for i in x.indices { x[i] *= tensors.inputScale[i % width] }
        }
        return x
    }
}
