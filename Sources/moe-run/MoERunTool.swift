@main
struct MoERunTool {
    static func main() {}
}
