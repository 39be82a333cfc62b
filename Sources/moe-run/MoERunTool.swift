import CommandSupport
import RunCommands

@main
struct MoERunTool {
    static func main() { CommandRunner.main(RunCommand.self) }
}
